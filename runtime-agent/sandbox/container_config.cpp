// The bundle's config.json. Only what is said here is in the container; the runtime adds nothing of
// its own but the devices that every Linux program expects (null, zero, full, random, urandom,
// tty).
#include <algorithm>

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "runtime-agent/sandbox/container.h"
#include "runtime-agent/sandbox/root.h"

namespace nemo::sandbox {

namespace {

namespace json = llvm::json;

/// JSON holds nothing but UTF-8.
std::string text(const std::string &bytes) {
  return json::isUTF8(bytes) ? bytes : json::fixUTF8(bytes);
}

json::Array words(const std::vector<std::string> &list) {
  json::Array out;
  for (const std::string &word : list)
    out.push_back(text(word));
  return out;
}

json::Object mount(llvm::StringRef target, llvm::StringRef type, llvm::StringRef source,
                   std::vector<std::string> options) {
  return json::Object{{"destination", text(target.str())},
                      {"type", type},
                      {"source", text(source.str())},
                      {"options", words(options)}};
}

json::Object tmpfs(llvm::StringRef target, uint64_t bytes, const char *mode) {
  return mount(target, "tmpfs", "tmpfs",
               {"nosuid", "nodev", fmt::format("size={}", bytes),
                fmt::format("nr_inodes={}", std::max<uint64_t>(1024, bytes / 1024)),
                fmt::format("mode={}", mode)});
}

json::Object bind_mount(llvm::StringRef target, llvm::StringRef source, bool read_only) {
  return mount(target, "bind", source, {"rbind", "nosuid", "nodev", read_only ? "ro" : "rw"});
}

json::Array mounts_of(const Container &container, const std::vector<std::string> &files) {
  const Spec &spec = container.spec;
  const uint64_t scratch = spec.tmp_bytes != 0 ? spec.tmp_bytes : kTmpBytes;
  json::Array out{mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
                  mount("/dev", "tmpfs", "tmpfs", {"nosuid", "noexec", "size=65536", "mode=755"}),
                  tmpfs("/dev/shm", scratch, "1777"), tmpfs("/tmp", scratch, "1777"),
                  tmpfs("/run", kRunBytes, "0755")};
  for (const std::string &file : files)
    out.push_back(bind_mount(file, file, true));
  if (!spec.secrets.empty())
    out.push_back(bind_mount("/run/secrets", "/run/secrets", true));
  std::vector<std::pair<const Bind *, size_t>> binds;
  for (const auto &[i, one] : llvm::enumerate(spec.binds))
    binds.emplace_back(&one, i);
  std::stable_sort(binds.begin(), binds.end(), [](const auto &a, const auto &b) {
    return a.first->target < b.first->target; // outer ones first
  });
  for (const auto &[one, i] : binds)
    out.push_back(bind_mount(one->target, mount_place(i), one->read_only));
  return out;
}

json::Array mapping(uint32_t inside) {
  return json::Array{json::Object{{"containerID", inside}, {"hostID", kInsideUser}, {"size", 1}}};
}

json::Object process_of(const Container &container) {
  const Spec &spec = container.spec;
  json::Object nothing;
  for (const char *set : {"bounding", "effective", "inheritable", "permitted", "ambient"})
    nothing[set] = json::Array{};
  return json::Object{{"terminal", false},
                      {"user", json::Object{{"uid", container.uid}, {"gid", container.gid}}},
                      {"args", words(spec.argv)},
                      {"env", words(spec.environment)},
                      {"cwd", text(spec.working_directory)},
                      {"capabilities", std::move(nothing)},
                      {"noNewPrivileges", true}};
}

json::Object linux_of(const Container &container, bool tcp_restricted) {
  json::Array namespaces;
  for (const char *kind : {"user", "mount", "pid", "ipc", "cgroup"}) // the others are the sandbox's
    namespaces.push_back(json::Object{{"type", kind}});
  auto seccomp = json::parse(bundle_seccomp(tcp_restricted));
  return json::Object{
      {"namespaces", std::move(namespaces)},
      {"uidMappings", mapping(container.uid)},
      {"gidMappings", mapping(container.gid)},
      {"seccomp", llvm::cantFail(std::move(seccomp))},
      // As in a process sandbox: what tells too much, and the kernel's knobs.
      {"maskedPaths",
       json::Array{"/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/timer_list",
                   "/proc/kallsyms", "/proc/kmsg", "/proc/acpi", "/proc/scsi", "/sys/firmware"}},
      {"readonlyPaths",
       json::Array{"/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/sysrq-trigger"}}};
}

} // namespace

std::string bundle_config(const Container &container, const std::vector<std::string> &files,
                          bool tcp_restricted) {
  json::Object config{{"ociVersion", "1.0.2"},
                      {"root", json::Object{{"path", "rootfs"}, {"readonly", true}}},
                      {"process", process_of(container)},
                      {"mounts", mounts_of(container, files)},
                      {"linux", linux_of(container, tcp_restricted)}};
  return llvm::formatv("{0}", json::Value(std::move(config))).str();
}

} // namespace nemo::sandbox
