// What this host can enforce, found out by doing it: a real sandbox runs `true`, a real cgroup is
// limited, a real bridge is made where nobody sees it.
#include <cerrno>
#include <csignal>
#include <filesystem>

#include <linux/sched.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Path.h"

#include "base/error.h"
#include "runtime-agent/sandbox/cgroup.h"
#include "runtime-agent/sandbox/files.h"
#include "runtime-agent/sandbox/landlock.h"
#include "runtime-agent/sandbox/network.h"
#include "runtime-agent/sandbox/sandbox.h"
#include "runtime-agent/sandbox/seccomp.h"

namespace nemo::sandbox {

namespace {

void say(Host &host, const char *name, const std::string &reason) {
  host.abilities.push_back({name, reason.empty(), reason});
}

std::string find_supervisor() {
  if (const char *named = ::getenv("NEMO_SUPERVISOR"); named != nullptr && *named != '\0')
    return named;
  char self[4096];
  const ssize_t size = ::readlink("/proc/self/exe", self, sizeof self);
  const std::string directory =
      llvm::sys::path::parent_path(llvm::StringRef(self, size > 0 ? static_cast<size_t>(size) : 0))
          .str();
  for (const char *place :
       {"/nemo-supervisor", "/../libexec/nemo/nemo-supervisor", "/../lib/nemo/nemo-supervisor"})
    if (::access((directory + place).c_str(), X_OK) == 0)
      return directory + place;
  return "";
}

/// What usually stands in the way of an ordinary user.
std::string why_no_namespaces() {
  const auto is = [](const char *file, const char *value) {
    const auto text = read_file(file);
    return text && llvm::StringRef(*text).trim() == value;
  };
  if (is("/proc/sys/kernel/unprivileged_userns_clone", "0"))
    return " (kernel.unprivileged_userns_clone is 0)";
  if (is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
    return " (AppArmor restricts user namespaces: kernel.apparmor_restrict_unprivileged_userns)";
  if (is("/proc/sys/user/max_user_namespaces", "0"))
    return " (user.max_user_namespaces is 0)";
  return "";
}

std::string try_user_namespace() {
  clone_args arguments = {};
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0)
    ::_exit(0);
  if (pid < 0)
    return std::generic_category().message(errno) + why_no_namespaces();
  ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return "";
}

void probe_filters(Host &host) {
  std::string reason;
  if (::syscall(SYS_seccomp, 2 /* SECCOMP_GET_ACTION_AVAIL */, 0,
                &static_cast<const uint32_t &>(0x00050000u)) != 0)
    reason = "the kernel has no seccomp filters: " + std::generic_category().message(errno);
  const std::string unseen = reason.empty() ? try_listener() : reason;
  if (reason.empty()) {
    auto filters = make_filters(unseen.empty(), host.can("landlock.tcp"));
    if (filters)
      host.filters = std::move(*filters);
    else
      reason = llvm::toString(filters.takeError());
  }
  say(host, "seccomp", reason);
  say(host, "refusals", unseen);
}

void probe_landlock(Host &host) {
  host.landlock_abi = landlock_abi();
  const std::string none =
      "the kernel has no Landlock, or it is not among the active modules (lsm=)";
  std::string files = host.landlock_abi > 0 ? "" : none;
  if (files.empty())
    if (auto ruleset = make_ruleset({.files = {{"/", Access::read}}}, host.landlock_abi); !ruleset)
      files = llvm::toString(ruleset.takeError());
  say(host, "landlock.files", files);
  std::string tcp = files;
  if (tcp.empty() && host.landlock_abi < 4)
    tcp =
        fmt::format("the kernel's Landlock (ABI {}) has no TCP rules: they need ABI 4 (Linux 6.7)",
                    host.landlock_abi);
  say(host, "landlock.tcp", tcp);
}

std::string try_sandbox(const Host &host, const std::string &state_directory) {
  const std::string name = "probe-" + std::to_string(::getpid());
  const std::string directory = state_directory + "/" + name;
  Spec spec;
  spec.id = name;
  spec.argv = {"true"};
  spec.log_path = directory + "/log";
  spec.exit_path = directory + "/exit";
  spec.user_slot = kUserSlots - 1;
  std::string reason;
  if (auto started = start(spec, host)) {
    if (!finished(started->pidfd, 5000))
      reason = "a sandboxed `true` does not end";
    else if (auto how = ended(spec.exit_path); !how || how->exit_code != 0)
      reason = "a sandboxed `true` fails";
    ::close(started->pidfd);
  } else {
    reason = llvm::toString(started.takeError());
    if (!host.root)
      reason += why_no_namespaces();
  }
  clean(name, host);
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return reason;
}

} // namespace

bool Host::can(const std::string &name) const {
  for (const Ability &ability : abilities)
    if (ability.name == name)
      return ability.available;
  return false;
}

std::string Host::reason(const std::string &name) const {
  for (const Ability &ability : abilities)
    if (ability.name == name)
      return ability.reason;
  return "it was not probed";
}

Host probe(const std::string &state_directory, bool runs) {
  Host host;
  host.root = ::geteuid() == 0;
  host.supervisor = find_supervisor();
  find_cgroups(host);
  say(host, "limit.volume",
      "volumes are directories on the node's own file system, which does not limit them");
  for (const char *kind : {"volume.replicated", "volume.external"})
    say(host, kind, "volumes are directories on the node's own file system");
  probe_landlock(host);
  probe_filters(host);
  const std::string namespaces = try_user_namespace();
  say(host, "namespace.user", namespaces);
  std::string sandbox = namespaces;
  if (host.supervisor.empty())
    sandbox = "the program nemo-supervisor is not installed next to this one";
  if (sandbox.empty() && !runs)
    sandbox = try_sandbox(host, state_directory);
  say(host, "sandbox.process", sandbox);
  say(host, "network.own", sandbox.empty() ? try_network(host.root) : sandbox);
  return host;
}

} // namespace nemo::sandbox
