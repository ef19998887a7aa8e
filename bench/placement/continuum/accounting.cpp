#include "bench/placement/continuum/accounting.h"

#include <algorithm>

#include "bench/support/statistics.h"

namespace nemo::bench::continuum {

Account settle(const World &world, const Problem &problem, const optimiser::Solution &solution,
               const std::vector<Day> &realised) {
  std::vector<double> cpu_milli(world.nodes.size());
  std::vector<bool> hosts(world.nodes.size());
  for (size_t r = 0; r < solution.node_of.size(); ++r) {
    const uint32_t node = solution.node_of[r];
    if (node == optimiser::nowhere)
      continue;
    hosts[node] = true;
    cpu_milli[node] +=
        static_cast<double>(problem.model.shapes[problem.model.replicas[r].shape].demand.front());
  }
  Account account;
  for (size_t n = 0; n < world.nodes.size(); ++n) {
    const Node &node = world.nodes[n];
    const bool awake = hosts[n] || !node.suspends;
    account.awake += awake;
    const double watts = awake ? node.idle_watts + (node.full_watts - node.idle_watts) *
                                                       cpu_milli[n] /
                                                       static_cast<double>(node.cpu_milli)
                               : node.suspended_watts;
    double kwh_of_hour = watts / 1000;
    if (awake && node.suspends)
      kwh_of_hour += wake_kwh(node) / hours_of_day;
    for (double intensity : realised[node.site]) {
      account.kwh += kwh_of_hour;
      account.grams += kwh_of_hour * intensity;
    }
  }
  return account;
}

Delays delays_of(const World &world, const Problem &problem, const optimiser::Solution &solution) {
  Delays out;
  std::vector<double> access, chains;
  for (size_t first = 0; first < problem.copies.size();) {
    const uint32_t index = problem.copies[first].application;
    const Application &application = world.applications[index];
    const Graph &graph = world.graphs[application.graph];
    std::vector<std::vector<uint32_t>> sites(graph.services.size()); ///< of the copies, by service
    for (; first < problem.copies.size() && problem.copies[first].application == index; ++first)
      if (const uint32_t node = solution.node_of[first]; node != optimiser::nowhere)
        sites[problem.copies[first].service].push_back(world.nodes[node].site);
    auto slowest = [&](const std::vector<uint32_t> &from, const std::vector<uint32_t> &to) {
      int64_t most = 0;
      for (uint32_t a : from)
        for (uint32_t b : to)
          most = std::max(most, world.network.delay(a, b));
      return static_cast<double>(most) / 1000;
    };
    for (uint32_t site : sites.front())
      access.push_back(static_cast<double>(world.network.delay(application.access_site, site)) /
                       1000);
    // Callers stand before those they call.
    std::vector<double> until(graph.services.size());
    until.front() = slowest({application.access_site}, sites.front());
    double slowest_chain = until.front();
    for (uint32_t caller = 0; caller < graph.services.size(); ++caller)
      for (const auto &[from, to] : graph.calls)
        if (from == caller) {
          until[to] = std::max(until[to], until[from] + slowest(sites[from], sites[to]));
          slowest_chain = std::max(slowest_chain, until[to]);
        }
    chains.push_back(slowest_chain);
    out.over_limit += slowest_chain > static_cast<double>(application.limit_us) / 1000;
  }
  out.mean_access_ms = mean(access);
  out.p50_ms = percentile(chains, 50);
  out.p99_ms = percentile(chains, 99);
  return out;
}

} // namespace nemo::bench::continuum
