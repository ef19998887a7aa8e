// What the agent costs a node on which nothing happens: memory as the kernel shares it out (PSS),
// and CPU time as its scheduler counts it, alone and with services that do nothing either.
#include <chrono>
#include <thread>

#include "base/error.h"
#include "bench/support/bench.h"
#include "bench/support/process.h"
#include "bench/support/statistics.h"
#include "bench/world/world.h"

using namespace nemo;
using namespace nemo::bench;

namespace {

constexpr int services = 10;
constexpr double most_memory_mib = 5.0;
constexpr double most_cpu_percent = 0.2;
constexpr auto settling = std::chrono::seconds(3); // what starting has left to do

llvm::Error measure_agent(World &world, const std::string &with, int seconds, Report &report) {
  std::this_thread::sleep_for(settling);
  auto pid = world.agent_pid();
  if (!pid)
    return pid.takeError();
  auto cpu = cpu_percent({*pid}, seconds);
  if (!cpu)
    return cpu.takeError();
  auto memory = memory_mib(*pid, "Pss:"), unshared = memory_mib(*pid, "Rss:");
  if (!memory || !unshared)
    return llvm::joinErrors(memory.takeError(), unshared.takeError());
  report.add({"nemo-agent, " + with + ", PSS", *memory, "MiB", most_memory_mib});
  report.add({"nemo-agent, " + with + ", RSS: if nobody shared its libraries", *unshared, "MiB"});
  report.add(
      {fmt::format("nemo-agent, {}, CPU over {} s", with, seconds), *cpu, "%", most_cpu_percent});
  return llvm::Error::success();
}

llvm::Error measure_supervisors(World &world, Report &report) {
  auto fleet = world.observe();
  if (!fleet)
    return fleet.takeError();
  std::vector<double> memory;
  for (const proto::Running &running : fleet->running()) {
    if (running.state() != proto::Running::RUNNING)
      return failure("{}/{} does not run", running.workload(), running.replica());
    auto one = memory_mib(static_cast<pid_t>(running.pid()), "Pss:");
    if (!one)
      return one.takeError();
    memory.push_back(*one);
  }
  report.add(
      {fmt::format("nemo-supervisor, median of {}, PSS", memory.size()), median(memory), "MiB"});
  return llvm::Error::success();
}

} // namespace

int main(int argc, char **argv) {
  int seconds = 60;
  Bench bench("agent-idle", "what the agent costs a node on which nothing happens");
  bench.number("--seconds", seconds, "How long each CPU figure is measured");
  return bench.run(argc, argv, [&](Report &report) -> llvm::Error {
    auto world = World::make(bench);
    if (!world)
      return world.takeError();
    if (auto error = measure_agent(**world, "no services", seconds, report))
      return error;
    auto intent = (*world)->write_intent("idle", fmt::format(R"(workload idle {{
  exec      = ["/usr/bin/sleep", "infinity"]
  replicas  = {}
  resources {{ cpu = 0.01core; memory = 8MiB }}
}}
)",
                                                             services));
    if (!intent)
      return intent.takeError();
    if (auto applied = (*world)->nemo({"apply", *intent, "--yes"}); !applied)
      return applied.takeError();
    const std::string with = fmt::format("{} idle services", services);
    if (auto error = measure_agent(**world, with, seconds, report))
      return error;
    return measure_supervisors(**world, report);
  });
}
