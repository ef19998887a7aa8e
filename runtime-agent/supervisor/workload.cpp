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
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime-agent/supervisor/handover.h"
#include "runtime-agent/supervisor/text.h"

namespace nemo::supervisor {

namespace {

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

void apply_filters() {
  struct stat info;
  if (fstat(kFilters, &info) != 0)
    fail("system call filter", "", errno);
  const size_t size = static_cast<size_t>(info.st_size);
  char *bytes = static_cast<char *>(mmap(nullptr, size, PROT_READ, MAP_PRIVATE, kFilters, 0));
  if (bytes == MAP_FAILED)
    fail("system call filter", "", errno);
  for (size_t at = 0; at < size;) {
    uint64_t count = 0;
    if (size - at < sizeof count)
      fail("system call filter", "", "cut short");
    memcpy(&count, bytes + at, sizeof count);
    at += sizeof count;
    if (count == 0 || count > kMaxInstructions || count * sizeof(sock_filter) > size - at)
      fail("system call filter", "", "malformed");
    sock_fprog program = {static_cast<unsigned short>(count),
                          reinterpret_cast<sock_filter *>(bytes + at)};
    // Refusals are logged where the administrator lets seccomp log errno actions.
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &program) != 0)
      fail("system call filter", "", errno);
    at += count * sizeof(sock_filter);
  }
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

void run_workload(char **argv, char **environment, const char *flags, int out, int err) {
  setsid();
  if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
    fail("output", "", errno);
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
    apply_filters();
  (void)!write(kReport, &kAboutToRun, 1);
  execute(argv, environment);
}

} // namespace nemo::supervisor
