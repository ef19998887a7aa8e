#include "compiler/verify/closeness.h"

#include "compiler/verify/rules.h"

namespace nemo::verify {

std::optional<bool> Closeness::between(const proto::Affinity &affinity, const std::string &one,
                                       const std::string &other) {
  if (affinity.within_ns() != 0) {
    const std::optional<Way> &way = ways_.between(one, other);
    return way ? std::optional(way->latency_ns <= affinity.within_ns()) : std::nullopt;
  }
  const std::string here = spread_group(world_.at(one), affinity.within());
  const std::string there = spread_group(world_.at(other), affinity.within());
  return here.empty() || there.empty() ? std::nullopt : std::optional(here == there);
}

std::vector<Bystander> bystanders(const Case &subject) {
  std::map<std::string, const proto::Workload *> blocks;
  for (const proto::Workload &workload : subject.intent.workloads())
    blocks.emplace(workload.name(), &workload);
  std::vector<Bystander> all;
  for (const There &one : subject.frozen)
    if (const auto block = blocks.find(one.workload);
        !one.retiring && block != blocks.end() && subject.world.nodes.count(one.node))
      for (const proto::Affinity &affinity : block->second->place().affinities())
        all.push_back({&one, &affinity});
  return all;
}

} // namespace nemo::verify
