#include "runtime-agent/sandbox/container.h"

#include <csignal>
#include <filesystem>

#include <unistd.h>

#include "llvm/ADT/STLExtras.h"

#include "base/error.h"
#include "runtime-agent/sandbox/check.h"
#include "runtime-agent/sandbox/files.h"
#include "runtime-agent/sandbox/root.h"

namespace nemo::sandbox {

namespace {

namespace fs = std::filesystem;

constexpr char kCrun[] = "/usr/bin/crun"; // below /usr: that is what its sandbox shows it
constexpr uint64_t kRuntimeProcesses = 4;
constexpr int kPatienceMs = 10000;

/// What the runtime needs, and takes away from the container itself.
Restrictions of_the_runtime() {
  return Restrictions::without({Restriction::proc, Restriction::capabilities,
                                Restriction::bounding_set, Restriction::seccomp,
                                Restriction::landlock_files});
}

/// Of what make_etc() and the host give a sandbox; a missing one would fail the bundle.
std::vector<std::string> files_of_etc() {
  std::vector<std::string> files = {"/etc/hosts", "/etc/hostname"};
  if (::access("/etc/resolv.conf", F_OK) == 0)
    files.push_back("/etc/resolv.conf");
  return files;
}

Spec runtime_spec(const Container &container, const Host &host) {
  Spec spec = container.spec;
  // The runtime has no groups to keep: ours are around all of it.
  spec.argv = {host.container_runtime,
               "--root",
               "/run/crun",
               "--cgroup-manager",
               "disabled",
               "run",
               "--bundle",
               kBundle,
               "container"};
  spec.environment = {"PATH=/usr/bin", "HOME=/tmp", "LANG=C.UTF-8"};
  spec.working_directory = "/";
  spec.pids += spec.pids != 0 ? kRuntimeProcesses : 0;
  for (const auto &[i, bind] : llvm::enumerate(spec.binds))
    bind.target = mount_place(i);
  spec.binds.push_back({.source = container.root, .target = kImage, .mapped = true});
  spec.restrictions = of_the_runtime();
  spec.monitor.emplace().bundle =
      bundle_config(container, files_of_etc(), host.can("landlock.tcp"));
  return spec;
}

std::string try_container(const Host &host, const std::string &directory) {
  Container container;
  Spec &spec = container.spec;
  spec.id = "container-" + std::to_string(::getpid());
  spec.argv = {"/nemo-supervisor"}; // a static program that says a line and ends
  spec.environment = {"PATH=/"};
  spec.user_slot = kUserSlots - 1;
  const std::string own = directory + "/" + spec.id;
  container.root = own + "/root";
  spec.log_path = own + "/run/log";
  spec.exit_path = own + "/run/exit";
  std::error_code error;
  fs::create_directories(container.root + "/etc", error); // in which a place for a mount is made
  fs::copy_file(host.supervisor, container.root + "/nemo-supervisor", error);
  for (const char *path : {"", "/root", "/root/etc"})
    fs::permissions(own + path, fs::perms(0755), error);
  std::string reason = error ? fmt::format("cannot write {}: {}", own, error.message()) : "";
  if (reason.empty()) {
    if (auto started = start(container, host)) {
      if (!finished(started->pidfd, kPatienceMs)) {
        reason = "a trial container does not end";
        llvm::consumeError(signal(started->pidfd, SIGKILL));
        finished(started->pidfd, kPatienceMs);
      } else if (const std::string log = read_file(spec.log_path).value_or("");
                 log.find("started by nemo-agent") == std::string::npos) {
        reason = "a trial container fails: " + log.substr(0, 300);
      }
      ::close(started->pidfd);
    } else {
      reason = llvm::toString(started.takeError());
    }
    clean(spec.id, host);
  }
  fs::remove_all(own, error);
  return reason;
}

std::string why_not_at_all(const Host &host) {
  if (!host.can("sandbox.process"))
    return "its runtime would be confined by a process sandbox: " + host.reason("sandbox.process");
  if (!host.can("seccomp"))
    return host.reason("seccomp");
  if (host.container_runtime.empty())
    return std::string("the program ") + kCrun + " (package crun) is not installed";
  return "";
}

} // namespace

std::string mount_place(size_t number) { return fmt::format("/mounts/{}", number); }

llvm::Expected<Started> start(const Container &container, const Host &host, Announce announce) {
  if (host.container_runtime.empty())
    return failure("this host runs no containers: {}", host.reason("sandbox.container"));
  if (auto error = check(container.spec, host)) // before its words become others
    return error;
  return start(runtime_spec(container, host), host, announce);
}

void probe_containers(Host &host, const std::string &directory) {
  if (::access(kCrun, X_OK) == 0)
    host.container_runtime = kCrun;
  std::string reason = why_not_at_all(host);
  if (reason.empty())
    reason = try_container(host, directory);
  if (!reason.empty())
    host.container_runtime.clear();
  for (char &c : reason)
    c = c == '\n' ? ' ' : c;
  host.abilities.push_back({"sandbox.container", reason.empty(), reason});
}

} // namespace nemo::sandbox
