#include "runtime-agent/core/facts.h"

#include <array>
#include <sched.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <fmt/format.h>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

namespace nemo::agent {

namespace {

void label(proto::Node &node, const char *key, const char *value) {
  proto::Fact *fact = node.add_labels();
  fact->set_key(key);
  fact->mutable_value()->set_text(value);
}

void capability(proto::Node &node, const char *name, bool available, const char *reason) {
  proto::Capability *one = node.add_capabilities();
  one->set_name(name);
  one->set_available(available);
  one->set_reason(reason);
}

} // namespace

std::string boot_id() {
  auto text = llvm::MemoryBuffer::getFileAsStream("/proc/sys/kernel/random/boot_id");
  return text ? (*text)->getBuffer().trim().str() : std::string();
}

std::string new_uid() {
  std::array<uint8_t, 16> bytes{};
  while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    continue;
  // Version 7 of RFC 9562: it begins with the time of minting.
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  for (size_t i = 0; i < 6; ++i)
    bytes[i] = static_cast<uint8_t>(now.count() >> (8 * (5 - i)));
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  std::string text;
  for (size_t i = 0; i < bytes.size(); ++i)
    text += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
  return text;
}

std::optional<std::chrono::milliseconds> minted(llvm::StringRef uid) {
  uint64_t milliseconds = 0;
  const std::string digits = uid.take_front(8).str() + uid.substr(9, 4).str();
  if (uid.size() != 36 || uid[14] != '7' || llvm::StringRef(digits).getAsInteger(16, milliseconds))
    return std::nullopt;
  return std::chrono::milliseconds(milliseconds);
}

proto::Node discover(const Place &place, const std::string &state, const sandbox::Host &host) {
  proto::Node node;
  node.set_name(place.node);
  node.set_site(place.site);
  if (!place.node_class.empty())
    node.set_node_class(place.node_class);
  cpu_set_t cpus;
  if (::sched_getaffinity(0, sizeof cpus, &cpus) == 0)
    node.set_cpu_millicores(static_cast<uint64_t>(CPU_COUNT(&cpus)) * 1000);
  struct sysinfo memory {};
  if (::sysinfo(&memory) == 0)
    node.set_memory_bytes(static_cast<uint64_t>(memory.totalram) * memory.mem_unit);
  struct statvfs disk {};
  if (::statvfs(state.c_str(), &disk) == 0)
    node.set_disk_bytes(static_cast<uint64_t>(disk.f_blocks) * disk.f_frsize);
  utsname system{};
  if (::uname(&system) == 0) {
    const llvm::StringRef machine = system.machine;
    node.set_arch(machine == "aarch64" ? "arm64" : machine.str());
    label(node, "hostname", system.nodename);
    label(node, "kernel", system.release);
  }
  for (const std::string kind : {"process", "container", "microvm", "unikernel"})
    if (host.can("sandbox." + kind))
      node.add_sandboxes(kind);
  for (const sandbox::Ability &ability : host.abilities)
    capability(node, ability.name.c_str(), ability.available, ability.reason.c_str());
  capability(node, "gates", true, "");
  capability(node, "metering", false, "this agent samples use but does not sign it");
  const bool machines = host.can("sandbox.microvm") || host.can("sandbox.unikernel");
  const std::string why_not = !place.in_fleet ? "this node is in no fleet"
                              : machines
                                  ? ""
                                  : "it runs no machines: " + host.reason("sandbox.unikernel");
  capability(node, "migrate.live", why_not.empty(), why_not.c_str());
  capability(node, "redundancy", false, "this agent cannot replicate frames");
  node.set_agent_version(NEMO_VERSION);
  return node;
}

} // namespace nemo::agent
