// run_inside(): a helper process joins the sandbox's namespaces and starts the command as a sibling
// of itself, so that the caller is its parent. The restrictions are the supervisor's own objects,
// taken out of it by pidfd_getfd.
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/error.h"
#include "runtime-agent/sandbox/cgroup.h"
#include "runtime-agent/sandbox/child.h"
#include "runtime-agent/sandbox/files.h"
#include "runtime-agent/sandbox/sandbox.h"
#include "runtime-agent/supervisor/handover.h"
#include "runtime-agent/supervisor/workload.h"

namespace nemo::sandbox {

namespace {

struct Entry {
  Descriptor pidfd, filters, ruleset;
  int namespaces = 0;
  bool root = false;
  std::string directory;
  std::vector<std::string> cgroups;
  std::vector<char *> argv, environment;
};

Descriptor take(int pidfd, int number) {
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd, number, 0)));
}

/// Joining a namespace one is in already needs rights that an ordinary user lacks.
bool shares_network(pid_t pid) {
  struct stat own, other;
  return ::stat("/proc/self/ns/net", &own) == 0 &&
         ::stat(("/proc/" + std::to_string(pid) + "/ns/net").c_str(), &other) == 0 &&
         own.st_ino == other.st_ino && own.st_dev == other.st_dev;
}

[[noreturn]] void give_up(int report, llvm::Error error) {
  const std::string text = llvm::toString(std::move(error));
  (void)!::write(report, text.data(), text.size());
  ::_exit(127);
}

[[noreturn]] void run_command(Entry &entry, int report) {
  if (auto error = take_inside_user(entry.root))
    give_up(report, std::move(error));
  ::umask(022);
  if (::chdir(entry.directory.c_str()) != 0 && ::chdir("/") != 0)
    give_up(report, system_failure(errno, "enter {}", entry.directory));
  if (auto error = silence())
    give_up(report, std::move(error));
  std::string flags(1, supervisor::kFlagNone);
  if (entry.filters)
    flags += supervisor::kFlagFilters;
  if (entry.ruleset)
    flags += supervisor::kFlagRuleset;
  const int aside = ::fcntl(report, F_DUPFD_CLOEXEC, 300);
  if (auto error = arrange(supervisor::kReport,
                           {report, -1, -1, entry.filters.get(), entry.ruleset.get(), -1, -1}))
    give_up(aside, std::move(error));
  for (int fd = supervisor::kReport; fd < supervisor::kEnd; ++fd)
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  if (auto error = drop_privileges())
    give_up(aside, std::move(error));
  supervisor::run_workload(entry.argv.data(), entry.environment.data(), flags.c_str(),
                           STDOUT_FILENO, STDERR_FILENO, /*answers=*/-1);
}

/// In the helper: sends the command's pid as seen by the caller, then is done.
[[noreturn]] void enter(Entry &entry, int number, int report) {
  // It counts as the sandbox's from here on: its time, its memory, its number of processes.
  join_cgroups(entry.cgroups);
  if (::setns(entry.pidfd.get(), entry.namespaces) != 0)
    give_up(report, system_failure(errno, "enter the sandbox"));
  clone_args arguments = {};
  arguments.flags = CLONE_PARENT; // the exit signal is the helper's: SIGCHLD
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) {
    ::close(number);
    run_command(entry, report);
  }
  if (pid < 0)
    give_up(report, system_failure(errno, "fork inside the sandbox"));
  const pid_t value = static_cast<pid_t>(pid);
  (void)!::write(number, &value, sizeof value);
  ::_exit(0);
}

void reap(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::string read_all(int fd) {
  std::string text;
  char buffer[512];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

llvm::Expected<Entry> find_entry(pid_t supervisor, const Host &host) {
  Entry entry;
  entry.pidfd = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, supervisor, 0)));
  if (!entry.pidfd)
    return system_failure(errno, "the sandbox has ended");
  entry.root = host.root;
  entry.namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                     CLONE_NEWCGROUP | (shares_network(supervisor) ? 0 : CLONE_NEWNET);
  char directory[4096];
  const ssize_t size = ::readlink(("/proc/" + std::to_string(supervisor) + "/cwd").c_str(),
                                  directory, sizeof directory);
  entry.directory = size > 0 ? std::string(directory, static_cast<size_t>(size)) : "/";
  entry.cgroups = cgroups_of(supervisor, host);
  if (!host.filters.empty()) {
    entry.filters = take(entry.pidfd.get(), supervisor::kFilters);
    if (!entry.filters)
      return system_failure(errno, "take the sandbox's system call filter");
  }
  if (host.can("landlock.files")) {
    entry.ruleset = take(entry.pidfd.get(), supervisor::kRuleset);
    if (!entry.ruleset)
      return system_failure(errno, "take the sandbox's Landlock rules");
  }
  return entry;
}

} // namespace

llvm::Expected<Inside> run_inside(pid_t supervisor, const std::vector<std::string> &argv,
                                  const std::vector<std::string> &environment, const Host &host) {
  if (argv.empty() || argv[0].empty())
    return failure("no program was given");
  auto entry = find_entry(supervisor, host);
  if (!entry)
    return entry.takeError();
  entry->argv = pointers(argv);
  entry->environment = pointers(environment);
  int number[2], report[2];
  if (::pipe2(number, O_CLOEXEC) != 0)
    return system_failure(errno, "pipe");
  Descriptor number_read(number[0]), number_write(number[1]);
  if (::pipe2(report, O_CLOEXEC) != 0)
    return system_failure(errno, "pipe");
  Descriptor report_read(report[0]), report_write(report[1]);
  const pid_t helper = ::fork();
  if (helper < 0)
    return system_failure(errno, "fork");
  if (helper == 0)
    enter(*entry, number_write.get(), report_write.get());
  number_write.reset();
  report_write.reset();
  Inside inside;
  const bool forked = ::read(number_read.get(), &inside.pid, sizeof inside.pid) ==
                      static_cast<ssize_t>(sizeof inside.pid);
  reap(helper);
  const std::string text = read_all(report_read.get());
  const bool ran = text == std::string(1, supervisor::kAboutToRun);
  if (forked && ran) {
    inside.pidfd = static_cast<int>(::syscall(SYS_pidfd_open, inside.pid, 0));
    if (inside.pidfd >= 0)
      return inside;
  }
  const int error = errno;
  if (forked) {
    ::kill(inside.pid, SIGKILL);
    reap(inside.pid);
  }
  if (ran)
    return system_failure(error, "pidfd");
  if (text.empty())
    return failure("the sandbox ended meanwhile");
  return failure("{}", text[0] == supervisor::kAboutToRun ? text.substr(1) : text);
}

} // namespace nemo::sandbox
