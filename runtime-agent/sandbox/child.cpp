// The child's part of start(). It runs in a copy of the agent, with every signal blocked.
#include "runtime-agent/sandbox/child.h"

#include <cerrno>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "runtime-agent/sandbox/network.h"
#include "runtime-agent/supervisor/handover.h"

namespace nemo::sandbox {

namespace {

/// What only the supervisor can leave out.
constexpr std::pair<Restriction, char> supervisor_flags[] = {
    {Restriction::pid_namespace, supervisor::kFlagNotFirst},
    {Restriction::no_new_privileges, supervisor::kFlagMayGain},
    {Restriction::supervisor_hidden, supervisor::kFlagVisible}};

llvm::Error set_capabilities(bool keep) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  if (keep) {
    if (::syscall(SYS_capget, &header, sets) != 0)
      return system_failure(errno, "read capabilities");
    for (__user_cap_data_struct &set : sets)
      set.effective = set.inheritable = set.permitted;
  }
  if (::syscall(SYS_capset, &header, sets) != 0)
    return system_failure(errno, "{} capabilities", keep ? "keep" : "drop");
  return llvm::Error::success();
}

/// So that they outlive the execve of a program that is not root's.
llvm::Error keep_capabilities() {
  if (auto error = set_capabilities(true))
    return error;
  for (unsigned long capability = 0; capability < 64; ++capability)
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);
  return llvm::Error::success();
}

llvm::Error empty_bounding_set() {
  for (int capability = 0; capability < 64; ++capability)
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      if (errno == EINVAL && capability > CAP_AUDIT_READ)
        break; // the kernel's last one was before
      return system_failure(errno, "drop capability {}", capability);
    }
  return llvm::Error::success();
}

llvm::Error build(Launch &launch, Descriptor &ruleset) {
  ::setsid();
  const Restrictions &all = launch.restrictions;
  if (all.has(Restriction::uts_namespace) &&
      ::sethostname(launch.hostname.data(), launch.hostname.size()) != 0)
    return system_failure(errno, "hostname {}", launch.hostname);
  if (const int error = enter_cgroups(launch.cgroups); error != 0)
    return system_failure(error, "enter its control groups");
  // What it is in now shows as the root of its control groups.
  if (all.has(Restriction::cgroup_namespace) && ::unshare(CLONE_NEWCGROUP) != 0)
    return system_failure(errno, "control group namespace");
  if (launch.own_network)
    if (auto error = configure_network(
            launch.address.empty() || launch.tapped ? std::nullopt : std::optional(launch.address)))
      return error;
  if (launch.tapped) {
    auto tap = make_tap();
    if (!tap)
      return tap.takeError();
    launch.tap = std::move(*tap);
  }
  if (auto error = take_inside_user(launch.root, launch.user))
    return error;
  if (auto error = build_root(launch.root_plan))
    return error;
  if (::chdir(launch.working_directory.c_str()) != 0)
    return system_failure(errno, "working directory {}", launch.working_directory);
  if (launch.landlock_abi > 0) {
    auto made = make_ruleset(launch.rules, launch.landlock_abi);
    if (!made)
      return made.takeError();
    ruleset = std::move(*made);
  }
  return silence();
}

llvm::Error execute(Launch &launch, int report, int ruleset) {
  std::string flags(1, supervisor::kFlagNone);
  if (launch.filters)
    flags += supervisor::kFlagFilters;
  if (ruleset >= 0)
    flags += supervisor::kFlagRuleset;
  if (launch.memory_events)
    flags += supervisor::kFlagMemory;
  if (launch.tap)
    flags += supervisor::kFlagTap;
  if (launch.control)
    flags += supervisor::kFlagControl;
  if (launch.deadline)
    flags += supervisor::kFlagDeadline;
  for (const auto &[restriction, flag] : supervisor_flags)
    if (!launch.restrictions.has(restriction))
      flags += flag;
  std::vector<std::string> words = {"nemo-supervisor", flags, launch.log_name,
                                    std::to_string(launch.log_bytes), launch.exit_name};
  words.insert(words.end(), launch.argv.begin(), launch.argv.end());
  const auto argv = pointers(words), environment = pointers(launch.environment);
  const int program = ::fcntl(launch.supervisor.get(), F_DUPFD_CLOEXEC, 200);
  if (auto error = arrange(supervisor::kReport,
                           {report, launch.log_directory.get(), launch.exit_directory.get(),
                            launch.filters.get(), ruleset, launch.memory_events.get(),
                            launch.process_events.get(), launch.tap.get(), launch.control.get(),
                            launch.deadline.get()}))
    return error;
  if (auto error = drop_privileges(launch.restrictions))
    return error;
  ::syscall(SYS_execveat, program, "", argv.data(), environment.data(), AT_EMPTY_PATH);
  return system_failure(errno, "exec nemo-supervisor");
}

} // namespace

std::vector<char *> pointers(const std::vector<std::string> &texts) {
  std::vector<char *> list;
  for (const std::string &text : texts)
    list.push_back(const_cast<char *>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

llvm::Error take_inside_user(bool root, uint32_t user) {
  // This is still a copy of the agent's memory: nobody of the same user shall look into it.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (!root)
    return llvm::Error::success(); // mapped to it already; setgroups is denied to him
  if (::setgroups(0, nullptr) != 0)
    return system_failure(errno, "drop supplementary groups");
  // Whoever is mapped: what is left to be done needs the rights of the namespace's owner.
  ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
  if (::setresgid(user, user, user) != 0 || ::setresuid(user, user, user) != 0)
    return system_failure(errno, "become user {}", user);
  return set_capabilities(true);
}

llvm::Error drop_privileges(Restrictions restrictions) {
  const bool keep = !restrictions.has(Restriction::capabilities);
  if (keep)
    if (auto error = keep_capabilities())
      return error;
  if (restrictions.has(Restriction::bounding_set))
    if (auto error = empty_bounding_set())
      return error;
  if (!keep) {
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (auto error = set_capabilities(false))
      return error;
  }
  if (restrictions.has(Restriction::no_new_privileges) &&
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return system_failure(errno, "no new privileges");
  return llvm::Error::success();
}

llvm::Error silence() {
  Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null)
    return system_failure(errno, "open /dev/null");
  for (int fd = 0; fd <= 2; ++fd)
    if (::dup2(null.get(), fd) < 0)
      return system_failure(errno, "open /dev/null");
  if (null.get() <= 2)
    null.release();
  return llvm::Error::success();
}

llvm::Error arrange(int first, const std::vector<int> &descriptors) {
  constexpr int kAside = 100; // so that no number is taken while it is still somebody's source
  std::vector<int> aside;
  for (const int fd : descriptors) {
    aside.push_back(fd < 0 ? -1 : ::fcntl(fd, F_DUPFD_CLOEXEC, kAside));
    if (fd >= 0 && aside.back() < 0)
      return system_failure(errno, "arrange descriptors");
  }
  int number = first;
  for (const int fd : aside) {
    if (fd < 0)
      ::close(number);
    else if (::dup2(fd, number) < 0)
      return system_failure(errno, "arrange descriptors");
    ++number;
  }
  if (::close_range(static_cast<unsigned>(number), ~0u, CLOSE_RANGE_CLOEXEC) != 0)
    return system_failure(errno, "arrange descriptors");
  return llvm::Error::success();
}

void become_supervisor(Launch &launch, Descriptor go, Descriptor report) {
  char byte = 0;
  ssize_t got;
  do
    got = ::read(go.get(), &byte, 1);
  while (got < 0 && errno == EINTR);
  if (got != 1)
    ::_exit(1); // the agent gave up or died: nothing was made yet
  Descriptor ruleset;
  llvm::Error error = build(launch, ruleset);
  int report_fd = report.get();
  if (!error) {
    // Aside and out of the way of the numbers that arrange() fills.
    report_fd = ::fcntl(report.get(), F_DUPFD_CLOEXEC, 300);
    error = execute(launch, report.get(), ruleset.get());
  }
  const std::string text = llvm::toString(std::move(error));
  (void)!::write(report_fd, text.data(), text.size());
  ::_exit(1);
}

} // namespace nemo::sandbox
