// `nemo plan --fleet` as its user runs it, files in and plan out: from 1,000 workloads on 100 nodes
// to 10,000 on 1,000, and how what it takes grows in between.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <fmt/format.h>

#include "base/error.h"
#include "bench/support/bench.h"
#include "bench/support/child.h"
#include "bench/support/statistics.h"
#include "plan_world.h"

using namespace nemo;
using namespace nemo::bench;

namespace {

namespace fs = std::filesystem;

constexpr double wall_limit = 5; // seconds for the largest, on two cores

/// One plan's input on disk; gone with its owner.
class Input {
public:
  Input() : directory_(fs::temp_directory_path() / fmt::format("nemo-bench-plan-{}", ::getpid())) {
    fs::create_directories(directory_ / "intent");
  }
  ~Input() {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  Input(const Input &) = delete;
  Input &operator=(const Input &) = delete;

  std::string fleet() const { return directory_ / "fleet.yaml"; }
  std::string intent() const { return directory_ / "intent"; }

  llvm::Error write(const PlanWorld &world) const {
    fs::remove_all(intent());
    fs::create_directory(intent());
    std::ofstream(fleet()) << world.fleet;
    for (const PlanWorld::File &file : world.intent)
      if (!(std::ofstream(fs::path(intent()) / file.name) << file.text).flush())
        return failure("cannot write {}", file.name);
    return llvm::Error::success();
  }

private:
  fs::path directory_;
};

struct Cost {
  double wall = 0, cpu = 0, mebibytes = 0;
};

/// The best of some: what disturbs only ever adds.
llvm::Expected<Cost> best(const std::vector<std::string> &command, int runs) {
  Cost least{INFINITY, INFINITY, INFINITY};
  for (int i = 0; i < runs; ++i) {
    if (interrupted())
      return interruption();
    auto run = run_well(command);
    if (!run)
      return run.takeError();
    least.wall = std::min(least.wall, run->wall_seconds);
    least.cpu = std::min(least.cpu, run->cpu_seconds);
    least.mebibytes =
        std::min(least.mebibytes, static_cast<double>(run->peak_rss_bytes) / (1 << 20));
  }
  return least;
}

} // namespace

int main(int argc, char **argv) {
  int largest = 10000, seed = 1;
  Bench bench("plan", "nemo plan --fleet, 10 workloads to a node");
  bench.runs(3)
      .number("--workloads", largest, "The largest plan; the others have a half, a fifth, a tenth")
      .number("--seed", seed, "Of what is made up: the fleet and the intent");
  return bench.run(argc, argv, [&](Report &report) -> llvm::Error {
    const Input input;
    Cost first, last;
    for (int part : {10, 5, 2, 1}) {
      const auto workloads = static_cast<unsigned>(std::max(largest / part, 10));
      const PlanWorld world =
          make_plan_world(workloads, workloads / 10, static_cast<uint32_t>(seed));
      if (llvm::Error error = input.write(world))
        return error;
      auto cost = best({bench.program("nemo"), "plan", input.intent(), "--fleet", input.fleet()},
                       bench.runs());
      if (!cost)
        return cost.takeError();
      const std::string what = fmt::format("{} workloads on {} nodes", workloads, workloads / 10);
      report.add(
          {what + ", wall", cost->wall, "s", part == 1 ? std::optional(wall_limit) : std::nullopt});
      report.add({what + ", CPU", cost->cpu, "s"});
      report.add({what + ", peak RSS", cost->mebibytes, "MiB"});
      if (part == 1)
        report.note(
            fmt::format("{}: {} replicas of {} shapes", what, world.replicas, world.shapes));
      (part == 10 ? first : last) = *cost;
    }
    // Of CPU time: what else the machine does must not show in how the work grows.
    const double n = std::max(largest, 100);
    const double of_n_log_n = growth(n / 10, n / 10 * std::log(n / 10), n, n * std::log(n));
    report.add({"growth of CPU time, exponent", growth(n / 10, first.cpu, n, last.cpu), "",
                of_n_log_n, "n log n"});
    return llvm::Error::success();
  });
}
