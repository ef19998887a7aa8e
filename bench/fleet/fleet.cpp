// A fleet on this machine, with its own authority and a real broker: what an agent costs that takes
// part and has nothing to do, and how long an apply to ten nodes takes until all of it runs.
#include <thread>

#include "base/error.h"
#include "bench/machines/machines.h"
#include "bench/support/process.h"
#include "bench/support/statistics.h"

using namespace nemo;
using namespace nemo::bench;

namespace {

constexpr double most_memory_mib = 6.0, most_cpu_percent = 0.3;
constexpr double most_p50_ms = 150, most_p99_ms = 500;
constexpr auto settling = std::chrono::seconds(3); // what starting has left to do

llvm::Error measure_idle(const Fleet &fleet, const std::string &node, int seconds, Report &report) {
  std::this_thread::sleep_for(settling);
  auto pids = fleet.processes(node);
  if (!pids)
    return pids.takeError();
  if (pids->size() != 2)
    return failure("the agent has {} children instead of the one that speaks to the broker",
                   pids->size() - 1);
  auto cpu = cpu_percent(*pids, seconds);
  if (!cpu)
    return cpu.takeError();
  double shared = 0, own = 0;
  for (const pid_t pid : *pids) {
    auto pss = memory_mib(pid, "Pss:"), rss = memory_mib(pid, "Rss:");
    if (!pss || !rss)
      return llvm::joinErrors(pss.takeError(), rss.takeError());
    shared += *pss;
    own += *rss;
  }
  report.add({"agent in a fleet, alone on its machine, idle, PSS", shared, "MiB", most_memory_mib});
  report.add({"the same, RSS of both processes", own, "MiB"});
  report.add({fmt::format("the same, CPU over {} s", seconds), *cpu, "%", most_cpu_percent});
  return llvm::Error::success();
}

llvm::Error measure_applies(const Fleet &fleet, int nodes, int runs, Report &report) {
  auto intent = fleet.write_intent(nodes);
  if (!intent)
    return intent.takeError();
  std::vector<double> milliseconds;
  for (int run = 0; run < runs; ++run) {
    if (interrupted())
      return interruption();
    auto applied = fleet.nemo("", {"apply", *intent, "--backend", "fleet", "--yes"});
    if (!applied)
      return applied.takeError();
    milliseconds.push_back(applied->wall_seconds * 1e3);
    auto gone = fleet.nemo("", {"destroy", "--stack", "sleepers", "--backend", "fleet", "--yes"});
    if (!gone)
      return gone.takeError();
  }
  const std::string what = fmt::format("apply to {} nodes, exec to all running", nodes);
  report.add({what + ", p50", percentile(milliseconds, 50), "ms", most_p50_ms});
  report.add({what + ", p99", percentile(milliseconds, 99), "ms", most_p99_ms});
  report.note(
      fmt::format("Every node of the {} is an agent of its own, and all share this machine's "
                  "processors.",
                  nodes));
  return llvm::Error::success();
}

} // namespace

int main(int argc, char **argv) {
  int seconds = 60, nodes = 10;
  Bench bench("fleet", "what a member of a fleet costs, and how long an apply to many nodes takes");
  bench.runs(20)
      .number("--seconds", seconds, "How long CPU time is measured")
      .number("--nodes", nodes, "How many there are");
  return bench.run(argc, argv, [&](Report &report) -> llvm::Error {
    auto fleet = Fleet::make(bench);
    if (!fleet)
      return fleet.takeError();
    for (int node = 0; node < nodes; ++node) {
      if (auto error = (*fleet)->add(fmt::format("n{}", node)))
        return error;
      if (node == 0)
        if (auto error = measure_idle(**fleet, "n0", seconds, report))
          return error;
    }
    std::this_thread::sleep_for(settling);
    return measure_applies(**fleet, nodes, bench.runs(), report);
  });
}
