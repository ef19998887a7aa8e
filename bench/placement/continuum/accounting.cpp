#include "bench/placement/continuum/accounting.h"

#include <algorithm>

#include "bench/support/statistics.h"

namespace nemo::bench::continuum {

namespace {

class Settlement {
public:
  Settlement(const World &world, const Problem &problem, const std::vector<Day> &by_site)
      : world_(world), problem_(problem), by_site_(by_site) {}

  Account settle(const Plan &plan) {
    std::vector<bool> hosted(world_.nodes.size());
    for (uint32_t hour = 0; hour < plan.size(); ++hour) {
      const std::vector<bool> hosts = hosting(world_, plan[hour]);
      for (uint32_t n = 0; n < world_.nodes.size(); ++n)
        draw(world_.nodes[n], hour, hosts[n], hosted[n]);
      for (uint32_t replica = 0; replica < problem_.copies.size(); ++replica)
        run(replica, hour, plan[hour].node_of[replica],
            hour == 0 ? optimiser::nowhere : plan[hour - 1].node_of[replica]);
      hosted = hosts;
    }
    return account_;
  }

private:
  void add(double kwh, uint32_t site, uint32_t hour, double &part) {
    const double grams = kwh * by_site_[site][hour];
    account_.kwh += kwh;
    account_.grams += grams;
    part += grams;
  }

  void draw(const Node &node, uint32_t hour, bool hosts, bool hosted) {
    account_.awake += (hosts || !node.suspends) / static_cast<double>(hours_of_day);
    const double least = node.suspends ? node.suspended_watts : node.idle_watts;
    add(least / 1000, node.site, hour, account_.always);
    if (!hosts || !node.suspends)
      return;
    add((node.idle_watts - node.suspended_watts) / 1000, node.site, hour, account_.idle);
    if (!hosted)
      add(wake_kwh(node), node.site, hour, account_.waking);
  }

  void run(uint32_t replica, uint32_t hour, uint32_t node, uint32_t before) {
    if (node == optimiser::nowhere)
      return;
    const Application &application = world_.applications[problem_.copies[replica].application];
    const uint32_t site = world_.nodes[node].site;
    add(kw_per_milli(world_.nodes[node]) * static_cast<double>(problem_.peak_milli[replica]) *
            share_of_peak(world_, application, hour),
        site, hour, account_.load);
    if (before == node || before == optimiser::nowhere)
      return;
    const Move move = move_of(world_, problem_, replica, hour, before, node);
    add(move.network_kwh / 2, world_.nodes[before].site, hour, account_.moving);
    add(move.network_kwh / 2 + move.twice_kwh, site, hour, account_.moving);
    ++account_.moves;
  }

  const World &world_;
  const Problem &problem_;
  const std::vector<Day> &by_site_;
  Account account_;
};

} // namespace

Account settle(const World &world, const Problem &problem, const Plan &plan,
               const std::vector<Day> &by_site) {
  return Settlement(world, problem, by_site).settle(plan);
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
