#include "bench/placement/continuum/applications.h"

#include <algorithm>

#include "compiler/placement/search/random.h"

namespace nemo::bench::continuum {

namespace {

// Half of the applications are such that people wait for, some are for machines, or for later.
struct Kind {
  uint32_t up_to_percent;
  int64_t limit_us;
};
constexpr Kind kinds[] = {{50, 50'000}, {80, 100'000}, {100, 250'000}};
constexpr uint32_t sites_in_reach = 2;

} // namespace

uint32_t depth(const Graph &graph) {
  std::vector<uint32_t> calls_before(graph.services.size());
  uint32_t most = 0;
  for (uint32_t caller = 0; caller < graph.services.size(); ++caller)
    for (const auto &[from, to] : graph.calls)
      if (from == caller) {
        calls_before[to] = std::max(calls_before[to], calls_before[from] + 1);
        most = std::max(most, calls_before[to]);
      }
  return most;
}

int64_t radius_us(const Application &application, const Graph &graph) {
  return application.limit_us / (1 + 2 * int64_t{depth(graph)});
}

llvm::Expected<std::vector<Application>> make_applications(const std::vector<Graph> &graphs,
                                                           const Network &network,
                                                           const std::vector<uint32_t> &hosts,
                                                           const Demand &demand) {
  optimiser::Random random(demand.seed);
  std::vector<Application> out;
  double cores = 0;
  for (uint32_t i = 0; i < demand.applications; ++i) {
    Application one;
    one.graph = i % static_cast<uint32_t>(graphs.size());
    const uint32_t draw = random.below(100);
    for (const Kind &kind : kinds)
      if (draw < kind.up_to_percent) {
        one.limit_us = kind.limit_us;
        break;
      }
    const int64_t radius = radius_us(one, graphs[one.graph]);
    std::vector<uint32_t> access;
    for (uint32_t site = 0; site < network.sites.size(); ++site)
      if (std::count_if(hosts.begin(), hosts.end(), [&](uint32_t host) {
            return network.delay(site, host) <= radius;
          }) >= sites_in_reach)
        access.push_back(site);
    if (access.empty())
      return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                     "from no site of this topology two with nodes are in reach");
    one.access_site = access[random.below(static_cast<uint32_t>(access.size()))];
    one.load = 1 + 7 * random.unit() * random.unit(); // most are small
    for (const Service &service : graphs[one.graph].services)
      cores += one.load * service.cores * service.copies;
    out.push_back(one);
  }
  for (Application &one : out)
    one.load *= demand.cores / cores;
  return out;
}

} // namespace nemo::bench::continuum
