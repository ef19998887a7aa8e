#include "bench/support/child.h"

#include <chrono>
#include <sys/resource.h>

#include "base/error.h"
#include "base/subprocess.h"

namespace nemo::bench {

namespace {

double seconds(const timeval &time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

} // namespace

llvm::Expected<ChildRun> run_child(const std::vector<std::string> &argv,
                                   const ChildOptions &options) {
  const auto began = std::chrono::steady_clock::now();
  auto process = Subprocess::start(argv, {.pipe_stdout = true, .environment = options.environment});
  if (!process)
    return process.takeError();
  ChildRun result;
  process->read_stdout([&](llvm::StringRef piece) {
    if (options.keep_stdout)
      result.out += piece;
    return true;
  });
  rusage used{};
  result.exit_code = process->wait(&used);
  result.wall_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  result.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
  result.peak_rss_bytes = static_cast<uint64_t>(used.ru_maxrss) * 1024;
  return result;
}

llvm::Expected<ChildRun> run_well(const std::vector<std::string> &argv,
                                  const ChildOptions &options) {
  auto result = run_child(argv, options);
  if (result && result->exit_code != 0)
    return failure("'{}' ended with exit code {}", llvm::join(argv, " "), result->exit_code);
  return result;
}

} // namespace nemo::bench
