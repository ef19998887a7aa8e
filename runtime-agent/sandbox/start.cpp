// start(): the parent's part. The child waits until it is mapped, counted and connected; every
// failure on either side ends it and takes back what was made.
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/error.h"
#include "runtime-agent/sandbox/cgroup.h"
#include "runtime-agent/sandbox/check.h"
#include "runtime-agent/sandbox/child.h"
#include "runtime-agent/sandbox/files.h"
#include "runtime-agent/sandbox/network.h"
#include "runtime-agent/sandbox/prepare.h"
#include "runtime-agent/sandbox/process.h"
#include "runtime-agent/sandbox/sandbox.h"
#include "runtime-agent/supervisor/handover.h"

namespace nemo::sandbox {

namespace {

constexpr int kStartTimeoutMs = 30000; // a source on a dead network file system must not hang us

constexpr std::pair<Restriction, uint64_t> namespaces[] = {
    {Restriction::user_namespace, CLONE_NEWUSER},
    {Restriction::pid_namespace, CLONE_NEWPID},
    {Restriction::ipc_namespace, CLONE_NEWIPC},
    {Restriction::uts_namespace, CLONE_NEWUTS}};

struct Pipe {
  Descriptor read, write;
};

llvm::Expected<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return system_failure(errno, "pipe");
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

struct Child {
  pid_t pid = -1;
  Descriptor pidfd;
};

/// Continues in the child in new namespaces. Every signal is blocked there, and no handler of the
/// agent is left.
llvm::Expected<Child> clone_into_namespaces(Launch &launch, Pipe &go, Pipe &report) {
  int pidfd = -1;
  clone_args arguments = {};
  arguments.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | CLONE_NEWNS;
  for (const auto &[restriction, flag] : namespaces)
    if (launch.restrictions.has(restriction))
      arguments.flags |= flag;
  if (launch.own_network)
    arguments.flags |= CLONE_NEWNET;
  if (launch.cgroups.unified) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<uint64_t>(launch.cgroups.unified.get());
  }
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  sigset_t all, before;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) {
    go.write.reset();
    report.read.reset();
    become_supervisor(launch, std::move(go.read), std::move(report.write));
  }
  const int error = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0)
    return system_failure(error, "create namespaces");
  return Child{static_cast<pid_t>(pid), Descriptor(pidfd)};
}

llvm::Error map_users(pid_t pid, const Spec &spec, const Host &host) {
  const std::string process = "/proc/" + std::to_string(pid);
  if (!host.root)
    if (const int error = write_file(process + "/setgroups", "deny"); error != 0)
      return system_failure(error, "deny setgroups");
  const bool alone = spec.restrictions.has(Restriction::one_user);
  const std::pair<const char *, uint32_t> maps[] = {{"/uid_map", host_uid(spec, host)},
                                                    {"/gid_map", host_gid(spec, host)}};
  for (const auto &[file, outside] : maps)
    if (const int error = write_file(
            process + file, fmt::format("{} {} 1{}", kInsideUser, outside, alone ? "" : "\n0 0 1"));
        error != 0)
      return system_failure(error, "map user {} to {}", kInsideUser, outside);
  return llvm::Error::success();
}

/// Until the workload's execve. The report is 'X' and nothing more when that happened.
llvm::Error await(int report) {
  std::string text;
  char buffer[1024];
  for (;;) {
    pollfd one = {report, POLLIN, 0};
    const int ready = ::poll(&one, 1, kStartTimeoutMs);
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0)
      return failure("starting took longer than {} s", kStartTimeoutMs / 1000);
    const ssize_t got = ::read(report, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    text.append(buffer, static_cast<size_t>(got));
  }
  const bool about_to_run = !text.empty() && text[0] == supervisor::kAboutToRun;
  if (about_to_run && text.size() == 1)
    return llvm::Error::success();
  if (text.empty())
    return failure("it was ended while it was being started (out of memory?)");
  return failure("{}", about_to_run ? text.substr(1) : text);
}

llvm::Error bring_up(const Child &child, Launch &launch, const Spec &spec, const Host &host,
                     Pipe &go, Pipe &report, const Started &started, Announce announce) {
  go.read.reset();
  report.write.reset();
  if (spec.restrictions.has(Restriction::user_namespace))
    if (auto error = map_users(child.pid, spec, host))
      return error;
  if (!launch.address.empty())
    if (auto error = connect_network(spec.id, child.pid))
      return error;
  if (announce)
    if (auto error = announce(started))
      return error;
  if (::write(go.write.get(), "g", 1) != 1)
    return system_failure(errno, "start");
  go.write.reset();
  return await(report.read.get());
}

} // namespace

llvm::Expected<Started> start(const Spec &spec, const Host &host, Announce announce) {
  if (auto error = check(spec, host))
    return error;
  auto launch = prepare(spec, host);
  if (!launch)
    return launch.takeError();
  if (launch->own_network && host.root)
    launch->address = address_of(spec.user_slot);
  auto go = make_pipe();
  if (!go)
    return go.takeError();
  auto report = make_pipe();
  if (!report)
    return report.takeError();
  const auto limit = [&](Restriction restriction, uint64_t wanted) {
    return spec.restrictions.has(restriction) ? wanted : 0;
  };
  const Limits limits = {limit(Restriction::memory, spec.memory_bytes),
                         limit(Restriction::processor, spec.cpu_millicores),
                         limit(Restriction::processes,
                               // What watches the deadline is a thread, and counts.
                               spec.pids != 0 && spec.deadline ? spec.pids + 1 : spec.pids)};
  if (auto error = make_cgroups(spec.id, limits, host)) {
    clean(spec.id, host);
    return error;
  }
  auto cgroups = open_cgroups(spec.id, host);
  if (!cgroups) {
    clean(spec.id, host);
    return cgroups.takeError();
  }
  launch->cgroups = std::move(*cgroups);
  launch->memory_events = open_memory_events(spec.id, host);
  launch->process_events = open_process_events(spec.id, host);
  auto child = clone_into_namespaces(*launch, *go, *report);
  for (auto &[name, contents] : launch->root_plan.secrets)
    ::explicit_bzero(contents.data(), contents.size());
  if (!child) {
    clean(spec.id, host);
    return child.takeError();
  }
  Started started;
  started.pid = child->pid;
  started.start_time = start_time_of(child->pid).value_or(0);
  if (!launch->address.empty())
    started.address = launch->address;
  if (auto error = bring_up(*child, *launch, spec, host, *go, *report, started, announce)) {
    ::syscall(SYS_pidfd_send_signal, child->pidfd.get(), SIGKILL, nullptr, 0);
    finished(child->pidfd.get(), -1);
    for (const char *suffix : {"", ".tmp", kRefused})
      ::unlinkat(launch->exit_directory.get(), (launch->exit_name + suffix).c_str(), 0);
    clean(spec.id, host);
    return error;
  }
  started.pidfd = child->pidfd.release();
  return started;
}

} // namespace nemo::sandbox
