// nemo-supervisor: pid 1 of one sandbox. It starts the workload, writes its log, reaps orphans,
// passes signals on and records how the workload ended. It depends on nobody outside: the agent may
// die and come back. When it exits, the kernel ends whatever is left in the pid namespace.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime-agent/supervisor/answers.h"
#include "runtime-agent/supervisor/deadline.h"
#include "runtime-agent/supervisor/handover.h"
#include "runtime-agent/supervisor/limits.h"
#include "runtime-agent/supervisor/listener.h"
#include "runtime-agent/supervisor/log.h"
#include "runtime-agent/supervisor/record.h"
#include "runtime-agent/supervisor/text.h"
#include "runtime-agent/supervisor/workload.h"

namespace nemo::supervisor {

namespace {

struct State {
  pid_t workload = -1;
  bool over = false;
  int status = 0;
  LogFile log;
  Stream streams[2];
  ExitRecord record;
  Answers answers;
  Refusals refusals;
  Limits limits;
  Deadline deadline;
};

void reap(State &state) {
  int status = 0;
  for (;;) {
    const pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == EINTR)
      continue;
    if (pid <= 0)
      return;
    if (pid == state.workload) {
      state.over = true;
      state.status = status;
    }
  }
}

void take_signals(State &state, int signals) {
  signalfd_siginfo info;
  while (read(signals, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGCHLD)
      reap(state);
    else if (info.ssi_pid == 0 && !state.over) // from outside; nobody in here has a say
      kill(state.workload, static_cast<int>(info.ssi_signo));
  }
}

int64_t milliseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1000} + now.tv_nsec / 1000000;
}

/// When to look at limits, and to write what was refused: at once, but not again and again.
class Rounds {
public:
  int wait(bool dirty) const {
    const int64_t due = dirty ? wrote_ + kWriteEvery : looked_ + kLookEvery;
    const int64_t left = due - milliseconds();
    return left > 0 ? static_cast<int>(left) : 0;
  }
  void go(State &state) {
    const int64_t now = milliseconds();
    if (now - looked_ >= kLookEvery) {
      state.limits.look(state.refusals);
      looked_ = now;
    }
    if (state.refusals.dirty() && now - wrote_ >= kWriteEvery) {
      state.refusals.flush();
      wrote_ = now;
    }
  }

private:
  static constexpr int kLookEvery = 2000, kWriteEvery = 200;
  int64_t looked_ = milliseconds(), wrote_ = 0;
};

void serve(State &state, int signals) {
  Rounds rounds;
  while (!state.over) {
    pollfd fds[4] = {{signals, POLLIN, 0},
                     {state.streams[0].fd(), POLLIN, 0},
                     {state.streams[1].fd(), POLLIN, 0},
                     {state.answers.fd(), POLLIN, 0}};
    if (poll(fds, 4, rounds.wait(state.refusals.dirty())) < 0 && errno != EINTR)
      return;
    if ((fds[3].revents & POLLIN) != 0)
      state.answers.answer(state.refusals);
    else if (fds[3].revents != 0)
      state.answers.stop(); // nobody is left who could ask
    if (fds[1].revents != 0)
      state.streams[0].read(state.log);
    if (fds[2].revents != 0)
      state.streams[1].read(state.log);
    if (fds[0].revents != 0)
      take_signals(state, signals);
    rounds.go(state);
  }
}

/// What the pipes still hold: bounded, for somebody we could not kill may still be writing.
void drain(State &state) {
  for (Stream &stream : state.streams) {
    for (int reads = 0; reads < 4096 && stream.read(state.log); ++reads) {
    }
    stream.flush(state.log);
  }
}

int open_streams(State &state, int (&ends)[2]) {
  static const char *const names[] = {"stdout", "stderr"};
  for (int i = 0; i < 2; ++i) {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) != 0 || fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK) != 0)
      return errno;
    state.streams[i].attach(pipe_ends[0], names[i]);
    ends[i] = pipe_ends[1];
  }
  return 0;
}

int report_failure(const char *step, int error) {
  Text text;
  text.add(step).add(": ").error(error);
  (void)!write(kReport, text.data(), text.size());
  return 1;
}

int supervise(char **argv, char **environment) {
  static State state; // too large for a stack that should stay one page
  const char *flags = argv[1];
  for (int fd = kReport; fd < kEnd; ++fd)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  const int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0)
    return report_failure("signals", errno);
  int ends[2];
  if (const int error = open_streams(state, ends); error != 0)
    return report_failure("pipes", error);
  state.record.prepare(argv[4]);
  state.log.open(argv[2], parse_number(argv[3]));
  // The workload has the same user id: it shall not reach this process through /proc/1.
  prctl(PR_SET_DUMPABLE, has_flag(flags, kFlagVisible) ? 1 : 0);
  const uint64_t kills_before = counted(kMemory, "oom_kill");
  state.limits.begin();
  state.refusals.prepare(argv[4]);
  FilterFile filters;
  int asking[2] = {-1, -1};
  if (has_flag(flags, kFlagFilters)) {
    if (const int error = filters.open(); error != 0)
      return report_failure("system call filter", error);
    if (filters.find(kAsking) != nullptr &&
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, asking) != 0)
      return report_failure("sockets", errno);
  }
  if (has_flag(flags, kFlagDeadline))
    if (const int error = state.deadline.open(); error != 0)
      return report_failure("deadline", error);
  state.workload = fork();
  if (state.workload < 0)
    return report_failure("fork", errno);
  if (state.workload == 0)
    run_workload(argv + kFirstWord, environment, flags, ends[0], ends[1], asking[1]);
  if (has_flag(flags, kFlagDeadline))
    if (const int error = state.deadline.begin(state.workload); error != 0)
      return report_failure("deadline", error); // the kernel ends the workload with this process
  close(kReport);
  if (has_flag(flags, kFlagTap))
    close(kTap);
  if (has_flag(flags, kFlagControl))
    close(kControl);
  close(ends[0]);
  close(ends[1]);
  if (asking[0] >= 0) {
    close(asking[1]);
    state.answers.begin(receive_listener(asking[0]), filters);
    close(asking[0]);
  }
  serve(state, signals);
  kill(getpid() == 1 ? -1 : -state.workload, SIGKILL);
  drain(state);
  state.limits.look(state.refusals);
  state.refusals.flush();
  const bool out_of_memory = state.status != 0 && counted(kMemory, "oom_kill") > kills_before;
  state.record.write(state.status, out_of_memory, state.deadline.passed());
  return exit_code_of(state.status);
}

} // namespace

} // namespace nemo::supervisor

int main(int argc, char **argv, char **environment) {
  using namespace nemo::supervisor;
  if (argc <= kFirstWord || (getpid() != 1 && !has_flag(argv[1], kFlagNotFirst))) {
    static const char text[] = "nemo-supervisor is started by nemo-agent, as pid 1 of a sandbox.\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    return 2;
  }
  return supervise(argv, environment);
}
