#include "bench/support/process.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "bench/support/bench.h"

namespace nemo::bench {

llvm::Expected<double> memory_mib(pid_t pid, llvm::StringRef kind) {
  std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid));
  for (std::string line; std::getline(file, line);) {
    llvm::StringRef rest = line;
    uint64_t kilobytes = 0;
    if (rest.consume_front(kind) && !rest.ltrim().consumeInteger(10, kilobytes))
      return static_cast<double>(kilobytes) / 1024;
  }
  return failure("cannot read the memory of process {}", pid);
}

// The first number of each /proc/PID/task/*/schedstat, in nanoseconds.
llvm::Expected<double> cpu_seconds(pid_t pid) {
  std::error_code error;
  double nanoseconds = 0;
  for (const auto &task :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), error)) {
    double one = 0;
    if (!(std::ifstream(task.path() / "schedstat") >> one))
      return failure("this kernel does not count the CPU time of processes in nanoseconds "
                     "(/proc/PID/schedstat)");
    nanoseconds += one;
  }
  if (error)
    return failure("process {}: {}", pid, error.message());
  return nanoseconds * 1e-9;
}

llvm::Expected<double> cpu_percent(llvm::ArrayRef<pid_t> pids, int seconds) {
  auto all = [&]() -> llvm::Expected<double> {
    double sum = 0;
    for (const pid_t pid : pids) {
      auto one = cpu_seconds(pid);
      if (!one)
        return one.takeError();
      sum += *one;
    }
    return sum;
  };
  auto before = all();
  if (!before)
    return before.takeError();
  const auto began = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - began < std::chrono::seconds(seconds)) {
    if (interrupted())
      return interruption();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  auto after = all();
  if (!after)
    return after.takeError();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began;
  return (*after - *before) / passed.count() * 100;
}

} // namespace nemo::bench
