#include "base/subprocess.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "base/error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"

extern char **environ;

namespace nemo {

namespace {

std::vector<char *> pointers(const std::vector<std::string> &texts) {
  std::vector<char *> list;
  for (const std::string &text : texts)
    list.push_back(const_cast<char *>(text.c_str()));
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> merged_environment(const std::vector<std::string> &added) {
  std::vector<std::string> all;
  auto replaced = [&](llvm::StringRef entry) {
    for (const std::string &own : added)
      if (llvm::StringRef(own).split('=').first == entry.split('=').first)
        return true;
    return false;
  };
  for (char **entry = environ; *entry != nullptr; ++entry)
    if (!replaced(*entry))
      all.push_back(*entry);
  all.insert(all.end(), added.begin(), added.end());
  return all;
}

llvm::Expected<std::string> resolve(const std::vector<std::string> &argv) {
  if (argv.empty())
    return failure("no program was given");
  if (llvm::StringRef(argv[0]).contains('/'))
    return argv[0];
  std::string path = find_program(argv[0]);
  if (path.empty())
    return failure("'{}' is not on PATH", argv[0]);
  return path;
}

void close_if_open(int &fd) {
  if (fd >= 0)
    ::close(std::exchange(fd, -1));
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

std::string find_program(llvm::StringRef name) {
  auto found = llvm::sys::findProgramByName(name);
  return found ? *found : std::string();
}

llvm::Expected<Subprocess> Subprocess::start(const std::vector<std::string> &argv,
                                             const Options &options) {
  auto program = resolve(argv);
  if (!program)
    return program.takeError();
  int in[2] = {-1, -1}, out[2] = {-1, -1}, report[2] = {-1, -1};
  if ((options.pipe_stdin && ::pipe2(in, O_CLOEXEC) != 0) ||
      (options.pipe_stdout && ::pipe2(out, O_CLOEXEC) != 0) || ::pipe2(report, O_CLOEXEC) != 0) {
    const int error = errno;
    for (int *fd : {&in[0], &in[1], &out[0], &out[1]})
      close_if_open(*fd);
    return system_failure(error, "pipe");
  }
  // Everything that allocates happens before fork: the child may only make system calls.
  auto environment = merged_environment(options.environment);
  auto argument_pointers = pointers(argv);
  auto environment_pointers = pointers(environment);
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (in[0] >= 0)
      ::dup2(in[0], STDIN_FILENO);
    if (out[1] >= 0)
      ::dup2(out[1], STDOUT_FILENO);
    ::execve(program->c_str(), argument_pointers.data(), environment_pointers.data());
    const int error = errno;
    (void)!::write(report[1], &error, sizeof error);
    ::_exit(127);
  }
  const int fork_error = errno;
  close_if_open(in[0]);
  close_if_open(out[1]);
  close_if_open(report[1]);
  int exec_error = pid < 0 ? fork_error : 0;
  if (pid > 0 && ::read(report[0], &exec_error, sizeof exec_error) <= 0)
    exec_error = 0;
  close_if_open(report[0]);
  Subprocess process;
  process.pid_ = pid;
  process.stdin_ = in[1];
  process.stdout_ = out[0];
  if (exec_error != 0)
    return system_failure(exec_error, "cannot start '{}'", argv[0]);
  return process;
}

Subprocess::Subprocess(Subprocess &&other) noexcept
    : pid_(std::exchange(other.pid_, -1)), stdin_(std::exchange(other.stdin_, -1)),
      stdout_(std::exchange(other.stdout_, -1)) {}

Subprocess &Subprocess::operator=(Subprocess &&other) noexcept {
  if (this != &other) {
    release();
    pid_ = std::exchange(other.pid_, -1);
    stdin_ = std::exchange(other.stdin_, -1);
    stdout_ = std::exchange(other.stdout_, -1);
  }
  return *this;
}

Subprocess::~Subprocess() { release(); }

void Subprocess::release() {
  close_if_open(stdin_);
  close_if_open(stdout_);
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    wait();
  }
}

void Subprocess::close_stdin() { close_if_open(stdin_); }

void Subprocess::read_stdout(llvm::function_ref<bool(llvm::StringRef)> take) {
  char chunk[65536];
  for (;;) {
    const ssize_t n = ::read(stdout_, chunk, sizeof chunk);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0 || !take({chunk, static_cast<size_t>(n)}))
      return;
  }
}

int Subprocess::wait(rusage *used) {
  int status = 0;
  while (::wait4(pid_, &status, 0, used) < 0 && errno == EINTR)
    ;
  pid_ = -1;
  return exit_code_of(status);
}

llvm::Expected<Output> run(const std::vector<std::string> &argv) {
  constexpr size_t limit = 64u << 20;
  auto process = Subprocess::start(argv, {.pipe_stdout = true});
  if (!process)
    return process.takeError();
  Output output;
  process->read_stdout([&](llvm::StringRef piece) {
    output.text += piece;
    return output.text.size() <= limit;
  });
  if (output.text.size() > limit)
    return failure("'{}' printed more than {} bytes", argv[0], limit);
  output.exit_code = process->wait();
  return output;
}

llvm::Expected<pid_t> start_detached(const std::vector<std::string> &argv,
                                     const std::string &log_path) {
  auto program = resolve(argv);
  if (!program)
    return program.takeError();
  const int log = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0)
    return system_failure(errno, "cannot open '{}'", log_path);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  int report[2];
  if (null < 0 || ::pipe2(report, O_CLOEXEC) != 0) {
    const int error = errno;
    ::close(log);
    if (null >= 0)
      ::close(null);
    return system_failure(error, "cannot start '{}'", argv[0]);
  }
  auto argument_pointers = pointers(argv);
  // Two forks: the grandchild belongs to init, so that nobody here has to reap it.
  const pid_t middle = ::fork();
  if (middle == 0) {
    ::setsid();
    const pid_t pid = ::fork();
    if (pid != 0) {
      int message[2] = {static_cast<int>(pid), pid < 0 ? errno : 0};
      (void)!::write(report[1], message, sizeof message);
      ::_exit(0);
    }
    ::dup2(null, STDIN_FILENO);
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::execve(program->c_str(), argument_pointers.data(), environ);
    int message[2] = {-1, errno};
    (void)!::write(report[1], message, sizeof message);
    ::_exit(127);
  }
  int error = middle < 0 ? errno : 0;
  ::close(log);
  ::close(null);
  ::close(report[1]);
  pid_t pid = -1;
  int message[2];
  while (middle > 0 && ::read(report[0], message, sizeof message) == sizeof message) {
    if (message[1] != 0)
      error = message[1];
    else
      pid = message[0];
  }
  ::close(report[0]);
  if (middle > 0)
    while (::waitpid(middle, nullptr, 0) < 0 && errno == EINTR)
      ;
  if (error != 0)
    return system_failure(error, "cannot start '{}'", argv[0]);
  return pid;
}

} // namespace nemo
