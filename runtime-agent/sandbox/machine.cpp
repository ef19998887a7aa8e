#include "runtime-agent/sandbox/machine.h"

#include <cerrno>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Path.h"

#include "base/error.h"
#include "runtime-agent/sandbox/descriptor.h"
#include "runtime-agent/sandbox/network.h"
#include "runtime-agent/sandbox/prepare.h"
#include "runtime-agent/supervisor/handover.h"

namespace nemo::sandbox {

namespace {

constexpr char kKvm[] = "/dev/kvm", kOwnKvm[] = ".kvm";
constexpr char kLocked[] =
    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";
// Nested hosts refuse to set that register; guests without it believe in every weakness, which is
// safe.
constexpr char kKvmProcessor[] = "host,arch-capabilities=off";
constexpr uint64_t kMonitorThreads = 64;

/// Unlike that of every other on the bridge, as its address is; "52:54:" is QEMU's.
std::string mac_of(const std::string &address) {
  in_addr bytes = {};
  ::inet_pton(AF_INET, address.c_str(), &bytes);
  const uint32_t value = ntohl(bytes.s_addr);
  return fmt::format("52:54:{:02x}:{:02x}:{:02x}:{:02x}", value >> 24, value >> 16 & 255,
                     value >> 8 & 255, value & 255);
}

/// How each kind is told of its network: Linux knows one form, people write the other.
std::string network_words(const Machine &machine, const std::string &address) {
  if (machine.kind == Machine::Kind::unikernel)
    return fmt::format("ip={}/{} gw={}", address, kPrefix, gateway());
  return fmt::format("ip={}::{}:255.255.0.0::eth0:off", address, gateway());
}

/// No multiple of 256 KiB: with one, QEMU 7.2 under TCG loses writes in a live migration
/// (migrate/leaving.h).
std::string memory_of(const Machine &machine) {
  constexpr uint64_t two_pages = 8, multiple = 256;
  const uint64_t kilobytes = machine.memory_bytes >> 10;
  return fmt::format("{}K", kilobytes % multiple == 0 ? kilobytes + two_pages : kilobytes);
}

std::string command_line(const Machine &machine) {
  std::string line = machine.spec.own_network
                         ? network_words(machine, address_of(machine.spec.user_slot))
                         : std::string();
  if (!line.empty() && !machine.command_line.empty())
    line += ' ';
  return line + machine.command_line;
}

/// Bound through the directory's descriptor: a path may be longer than an address of a socket.
llvm::Expected<Descriptor> listen_at(const std::string &path) {
  const std::string directory = llvm::sys::path::parent_path(path).str();
  const std::string name = llvm::sys::path::filename(path).str();
  Descriptor at(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string through = fmt::format("/proc/self/fd/{}/{}", at.get(), name);
  if (!at || through.size() >= sizeof address.sun_path)
    return system_failure(at ? ENAMETOOLONG : errno, "open {}", directory);
  std::memcpy(address.sun_path, through.c_str(), through.size() + 1);
  ::unlinkat(at.get(), name.c_str(), 0);
  Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket ||
      ::bind(socket.get(), reinterpret_cast<sockaddr *>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), 1) != 0)
    return system_failure(errno, "listen on {}", path);
  return socket;
}

/// A node of its own for the sandbox's user, who is in nobody's group on the host.
llvm::Expected<std::string> give_kvm(const Machine &machine, const Host &host) {
  if (!host.root)
    return std::string(kKvm);
  const std::string path = machine.control_path + kOwnKvm;
  struct stat info;
  ::unlink(path.c_str());
  if (::stat(kKvm, &info) != 0 || !S_ISCHR(info.st_mode) ||
      ::mknod(path.c_str(), S_IFCHR | 0600, info.st_rdev) != 0 ||
      ::chown(path.c_str(), host_uid(machine.spec, host), host_gid(machine.spec, host)) != 0)
    return system_failure(errno, "give {} to the machine", kKvm);
  return path;
}

llvm::Error check(const Machine &machine, const Host &host) {
  if (machine.memory_bytes < kLeastMemory)
    return failure("a machine of {} MiB is too small: it needs {} MiB beside the {} MiB of its "
                   "monitor",
                   machine.memory_bytes >> 20, kLeastMemory >> 20, kMonitorBytes >> 20);
  if (machine.processors == 0 || machine.processors > 64)
    return failure("a machine has 1 to 64 processors, not {}", machine.processors);
  if (command_line(machine).size() > kMostCommandLine)
    return failure("the kernel's command line is longer than {} bytes", kMostCommandLine);
  for (const std::string *text : {&machine.command_line, &machine.kernel, &machine.initrd})
    if (text->find('\0') != std::string::npos || text->find('\n') != std::string::npos)
      return failure("the kernel's command line holds a zero byte or a line's end");
  for (const std::string *path : {&machine.kernel, &machine.initrd})
    if (path->find(',') != std::string::npos)
      return failure("'{}' holds a comma, which QEMU takes for its own", *path);
  if (machine.spec.own_network && !host.root)
    return failure("a machine's network needs root");
  return llvm::Error::success();
}

} // namespace

std::vector<std::string> monitor_command(const Machine &machine, const std::string &program,
                                         const std::string &accelerator) {
  const bool kvm = accelerator == "kvm";
  // Linux looks for a PIC and clocks before it believes that there are none.
  const char *legacy = machine.kind == Machine::Kind::microvm ? "on" : "off";
  std::vector<std::string> words = {
      program, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
      // No firmware tables: what there is stands on the kernel's command line.
      "-machine",
      fmt::format("microvm,x-option-roms=off,pit={0},pic={0},rtc={0},isa-serial=on,acpi=off",
                  legacy),
      "-accel", kvm ? "kvm" : "tcg,tb-size=16", "-cpu", kvm ? kKvmProcessor : "max", "-m",
      memory_of(machine), "-smp", std::to_string(machine.processors), "-kernel", machine.kernel,
      "-append", command_line(machine), "-chardev", "stdio,id=log,signal=off", "-serial",
      "chardev:log", "-device", "isa-debug-exit", "-chardev",
      fmt::format("socket,id=control,fd={},server=on,wait=off", int{supervisor::kControl}), "-mon",
      "chardev=control,mode=control", "-sandbox", kLocked};
  if (!machine.initrd.empty())
    words.insert(words.end(), {"-initrd", machine.initrd});
  if (machine.spec.own_network)
    words.insert(words.end(), {"-netdev", fmt::format("tap,id=net,fd={}", int{supervisor::kTap}),
                               "-global", "virtio-mmio.force-legacy=false", "-device",
                               "virtio-net-device,netdev=net,mac=" +
                                   mac_of(address_of(machine.spec.user_slot))});
  if (machine.incoming)
    words.insert(words.end(), {"-incoming", "defer", "-S"});
  return words;
}

llvm::Expected<Started> start(const Machine &machine, const Host &host, Announce announce) {
  if (host.accelerator.empty())
    return failure("this host runs no machines: {}", host.reason("sandbox.unikernel"));
  if (auto error = check(machine, host))
    return error;
  auto control = listen_at(machine.control_path);
  if (!control)
    return control.takeError();
  Spec spec = machine.spec;
  spec.argv = monitor_command(machine, host.qemu, host.accelerator);
  // glib's, and nobody else's: what a variable could change is said in the arguments.
  spec.environment = {"PATH=/usr/bin", "HOME=/tmp", "LANG=C.UTF-8"};
  spec.pids = spec.pids != 0 ? kMonitorThreads : 0;
  Monitor &monitor = spec.monitor.emplace();
  monitor.tap = spec.own_network;
  monitor.control = control->get();
  monitor.readable = {host.qemu, "/usr/lib", "/usr/lib64", "/usr/share/qemu", "/usr/share/seabios"};
  if (host.accelerator == "kvm") {
    auto device = give_kvm(machine, host);
    if (!device) {
      clean_machine(machine.control_path);
      return device.takeError();
    }
    monitor.kvm = std::move(*device);
  }
  auto started = start(spec, host, announce);
  if (!started)
    clean_machine(machine.control_path);
  return started;
}

void clean_machine(const std::string &control_path) {
  ::unlink(control_path.c_str());
  ::unlink((control_path + kOwnKvm).c_str());
}

} // namespace nemo::sandbox
