// How long somebody waits for `nemo apply`: one service, in a git repository, with the agent up;
// from the start of nemo to its end, which is when the service runs. The service prints the time as
// its first act, so that "runs" is not only the agent's word.
#include "base/clock.h"
#include "base/error.h"
#include "bench/support/bench.h"
#include "bench/support/statistics.h"
#include "bench/world/world.h"

using namespace nemo;
using namespace nemo::bench;

namespace {

constexpr double most_ms = 60;

double milliseconds(UnixNanos from, int64_t to_unix_ns) {
  return static_cast<double>(to_unix_ns - from.time_since_epoch().count()) * 1e-6;
}

/// What the service printed first: nanoseconds since 1970.
llvm::Expected<int64_t> first_output(World &world) {
  for (int tries = 0; tries < 200; ++tries) {
    auto printed = world.nemo({"logs", "clock", "--stack", "clock"});
    if (!printed)
      return printed.takeError();
    llvm::StringRef line = llvm::StringRef(printed->out).split('\n').first;
    int64_t time = 0;
    if (line.consume_front("clock/0  ") && !line.getAsInteger(10, time))
      return time;
  }
  return failure("the service that was applied has printed nothing");
}

llvm::Error commit(const std::string &directory) {
  const std::vector<std::string> git = {
      "git", "-C", directory, "-c", "user.name=bench", "-c", "user.email=bench@localhost"};
  for (const std::vector<std::string> &arguments : {std::vector<std::string>{"init", "--quiet"},
                                                    {"add", "."},
                                                    {"commit", "--quiet", "-m", "one"}}) {
    std::vector<std::string> command = git;
    command.insert(command.end(), arguments.begin(), arguments.end());
    if (auto run = run_well(command); !run)
      return run.takeError();
  }
  return llvm::Error::success();
}

} // namespace

int main(int argc, char **argv) {
  Bench bench("apply", "`nemo apply` of one service to running, with the agent up");
  bench.runs(50);
  return bench.run(argc, argv, [&](Report &report) -> llvm::Error {
    auto world = World::make(bench);
    if (!world)
      return world.takeError();
    auto intent = (*world)->write_intent("clock", R"(workload clock {
  exec      = ["/bin/sh", "-c", "date +%s%N; exec sleep infinity"]
  resources { cpu = 0.1core; memory = 16MiB }
}
)");
    if (!intent)
      return intent.takeError();
    if (auto error = commit(llvm::StringRef(*intent).rsplit('/').first.str()))
      return error;
    std::vector<double> whole, cpu, first;
    for (int i = 0; i < bench.runs(); ++i) {
      if (interrupted())
        return interruption();
      const UnixNanos began = now();
      auto applied = (*world)->nemo({"apply", *intent, "--yes"});
      if (!applied)
        return applied.takeError();
      auto printed = first_output(**world);
      if (!printed)
        return printed.takeError();
      whole.push_back(applied->wall_seconds * 1000);
      cpu.push_back(applied->cpu_seconds * 1000);
      first.push_back(milliseconds(began, *printed));
      if (auto removed = (*world)->nemo({"destroy", *intent, "--yes"}); !removed)
        return removed.takeError();
    }
    report.add({"exec to end of nemo apply, p50", median(whole), "ms", most_ms});
    report.add({"exec to end of nemo apply, p99", percentile(whole, 99), "ms"});
    report.add({"exec of nemo apply to the service's own first output, p50", median(first), "ms"});
    report.add({"CPU time of nemo itself, p50", median(cpu), "ms"});
    return llvm::Error::success();
  });
}
