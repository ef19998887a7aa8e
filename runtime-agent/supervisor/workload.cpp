// Restrictions in the order in which they still can be made: the filter is last, for it forbids
// nothing that comes after it. Privileges are gone already: start() dropped them before this
// program ran.
#include "runtime-agent/supervisor/workload.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime-agent/supervisor/filters.h"
#include "runtime-agent/supervisor/handover.h"
#include "runtime-agent/supervisor/listener.h"
#include "runtime-agent/supervisor/text.h"

namespace nemo::supervisor {

namespace {

constexpr unsigned kWaitKillable = 1 << 5; // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV

[[noreturn]] void fail(const char *step, const char *what, const char *why) {
  Text text;
  text.add(step).add(what).add(": ").add(why);
  (void)!write(kReport, text.data(), text.size());
  _exit(127);
}

[[noreturn]] void fail(const char *step, const char *what, int error) {
  Text why;
  why.error(error).add("\0", 1);
  fail(step, what, why.data());
}

int apply_filter(const Section *section, unsigned flags) {
  const size_t count = section->size / sizeof(sock_filter);
  if (count == 0 || count > kMaxInstructions)
    fail("system call filter", "", "malformed");
  sock_fprog program = {static_cast<unsigned short>(count),
                        reinterpret_cast<sock_filter *>(const_cast<char *>(contents(section)))};
  return static_cast<int>(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

void apply_filters(int answers) {
  FilterFile filters;
  if (const int error = filters.open(); error != 0)
    fail("system call filter", "", error);
  for (const Section *one = nullptr; (one = filters.find(kProgram, one)) != nullptr;)
    if (apply_filter(one, 0) != 0)
      fail("system call filter", "", errno);
  const Section *last = filters.find(answers < 0 ? kQuiet : kAsking);
  if (last == nullptr)
    fail("system call filter", "", "cut short");
  if (answers < 0) {
    if (apply_filter(last, 0) != 0)
      fail("system call filter", "", errno);
    return;
  }
  int listener = apply_filter(last, SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable);
  if (listener < 0 && errno == EINVAL) // Linux before 5.19
    listener = apply_filter(last, SECCOMP_FILTER_FLAG_NEW_LISTENER);
  if (listener < 0)
    fail("system call filter", "", errno);
  send_listener(answers, listener);
  close(listener);
}

void offer_to_the_oom_killer() {
  // Under memory pressure the kernel shall end the workload, not its supervisor.
  prctl(PR_SET_DUMPABLE, 1); // for this one file: it is root's otherwise
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  prctl(PR_SET_DUMPABLE, 0);
  if (fd < 0)
    return;
  (void)!write(fd, "200", 3);
  close(fd);
}

[[noreturn]] void execute(char **argv, char **environment) {
  const char *program = argv[0];
  if (strchr(program, '/') != nullptr) {
    execve(program, argv, environment);
    fail("exec ", program, errno);
  }
  const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  for (char **entry = environment; *entry != nullptr; ++entry)
    if (strncmp(*entry, "PATH=", 5) == 0)
      path = *entry + 5;
  int error = ENOENT;
  for (const char *start = path;;) {
    const char *end = strchrnul(start, ':');
    char candidate[4096];
    const size_t directory = static_cast<size_t>(end - start), name = strlen(program);
    if (directory > 0 && directory + name + 2 <= sizeof candidate) {
      memcpy(candidate, start, directory);
      candidate[directory] = '/';
      memcpy(candidate + directory + 1, program, name + 1);
      execve(candidate, argv, environment);
      if (errno != ENOENT && errno != ENOTDIR)
        error = errno;
    }
    if (*end == '\0')
      break;
    start = end + 1;
  }
  if (error == ENOENT)
    fail("exec ", program, "no such program on PATH in the sandbox");
  fail("exec ", program, error);
}

} // namespace

bool has_flag(const char *flags, char flag) { return strchr(flags, flag) != nullptr; }

void run_workload(char **argv, char **environment, const char *flags, int out, int err,
                  int answers) {
  setsid();
  if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
    fail("output", "", errno);
  if (has_flag(flags, kFlagTap))
    fcntl(kTap, F_SETFD, 0);
  if (has_flag(flags, kFlagControl))
    fcntl(kControl, F_SETFD, 0);
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  offer_to_the_oom_killer();
  for (int number = 1; number < NSIG; ++number)
    signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (has_flag(flags, kFlagNotFirst))
    prctl(PR_SET_PDEATHSIG, SIGKILL); // the kernel ends it with its supervisor otherwise
  if (!has_flag(flags, kFlagMayGain) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    fail("no new privileges", "", errno);
  if (has_flag(flags, kFlagRuleset) && syscall(SYS_landlock_restrict_self, kRuleset, 0) != 0)
    fail("landlock", "", errno);
  if (has_flag(flags, kFlagFilters))
    apply_filters(answers);
  (void)!write(kReport, &kAboutToRun, 1);
  execute(argv, environment);
}

} // namespace nemo::supervisor
