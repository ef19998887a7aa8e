// As many real agents as this machine holds, joined to one real broker: what each costs when it has
// nothing to do, and how long one apply to all of them takes. What they run is a `sleep` each.
#include <thread>

#include "base/error.h"
#include "bench/machines/machines.h"
#include "bench/support/process.h"
#include "bench/support/statistics.h"

using namespace nemo;
using namespace nemo::bench;

namespace {

constexpr double most_memory_mib = 6.0; ///< of an agent in a fleet, as bench-fleet has it
constexpr auto settling = std::chrono::seconds(5);

llvm::Error measure_memory(const Fleet &fleet, Report &report) {
  std::vector<double> each;
  for (const std::string &node : fleet.nodes()) {
    auto pids = fleet.processes(node);
    if (!pids)
      return pids.takeError();
    double sum = 0;
    for (const pid_t pid : *pids) {
      auto pss = memory_mib(pid, "Pss:");
      if (!pss)
        return pss.takeError();
      sum += *pss;
    }
    each.push_back(sum);
  }
  report.add(
      {"one of the agents, PSS of its processes, median", median(each), "MiB", most_memory_mib});
  report.add({"the largest", percentile(each, 100), "MiB"});
  auto broker = fleet.broker_pid();
  if (!broker)
    return broker.takeError();
  auto rss = memory_mib(*broker, "Rss:");
  if (!rss)
    return rss.takeError();
  report.add({"the broker, RSS", *rss, "MiB"});
  return llvm::Error::success();
}

} // namespace

int main(int argc, char **argv) {
  int nodes = 200;
  Bench bench("crowd", "hundreds of real agents on one machine, joined to one broker");
  bench.number("--nodes", nodes, "How many agents");
  return bench.run(argc, argv, [&](Report &report) -> llvm::Error {
    auto fleet = Fleet::make(bench);
    if (!fleet)
      return fleet.takeError();
    using Clock = std::chrono::steady_clock;
    const auto seconds = [](Clock::time_point since) {
      return std::chrono::duration<double>(Clock::now() - since).count();
    };
    auto begin = Clock::now();
    for (int node = 0; node < nodes; ++node) {
      if (interrupted())
        return interruption();
      if (auto error = (*fleet)->add(fmt::format("n{}", node)))
        return llvm::joinErrors(failure("{} agents are in the fleet; the next did not come", node),
                                std::move(error));
    }
    report.add({"agents that joined", static_cast<double>(nodes), ""});
    report.add({"to join, each", seconds(begin) / nodes * 1e3, "ms"});
    std::this_thread::sleep_for(settling);
    if (auto error = measure_memory(**fleet, report))
      return error;
    auto intent = (*fleet)->write_intent(nodes);
    if (!intent)
      return intent.takeError();
    (*fleet)->runs("sleepers");
    auto applied =
        (*fleet)->nemo("", {"apply", *intent, "--backend", "fleet", "--yes", "--timeout", "5min"});
    if (!applied)
      return applied.takeError();
    report.add(
        {fmt::format("apply to all {}, exec to all running", nodes), applied->wall_seconds, "s"});
    report.add({"of that, processor time of nemo", applied->cpu_seconds, "s"});
    report.note(
        "All agents share this machine's processors; each starts a supervisor and a sleep.");
    return llvm::Error::success();
  });
}
