// Other programs: started with pipes, ended by pid, never through a shell.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

struct rusage;

namespace nemo {

/// A child process that is killed (SIGKILL) and reaped when its owner lets go of it.
class Subprocess {
public:
  struct Options {
    bool pipe_stdin = false;
    bool pipe_stdout = false;
    std::vector<std::string> environment; ///< "NAME=value", added to this process's own
  };

  /// \param argv  argv[0] is a path, or a name looked up on PATH.
  static llvm::Expected<Subprocess> start(const std::vector<std::string> &argv,
                                          const Options &options);
  Subprocess(Subprocess &&) noexcept;
  Subprocess &operator=(Subprocess &&) noexcept;
  ~Subprocess();

  pid_t pid() const { return pid_; }
  int stdin_fd() const { return stdin_; }
  int stdout_fd() const { return stdout_; }
  void close_stdin();
  /// Reads stdout to its end, or until `take` says false to a piece of it.
  void read_stdout(llvm::function_ref<bool(llvm::StringRef)> take);
  /// Waits for the end. \returns the exit code, or 128 + signal.
  /// \param used  gets what it and the children it waited for have used, when given.
  int wait(rusage *used = nullptr);

private:
  Subprocess() = default;
  void release();
  pid_t pid_ = -1;
  int stdin_ = -1;
  int stdout_ = -1;
};

struct Output {
  int exit_code = 0;
  std::string text; ///< stdout, at most 64 MiB
};

/// Runs to the end and collects stdout; stderr goes where this process's goes.
llvm::Expected<Output> run(const std::vector<std::string> &argv);

/// Starts a program that outlives this process: own session, no terminal, stdin /dev/null, output
/// appended to `log_path`.
llvm::Expected<pid_t> start_detached(const std::vector<std::string> &argv,
                                     const std::string &log_path);

/// The first executable `name` on PATH; empty if there is none.
std::string find_program(llvm::StringRef name);

} // namespace nemo
