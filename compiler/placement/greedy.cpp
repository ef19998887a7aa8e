// First placements. What runs stays where it runs; then the replica that is hardest to place goes
// first, each to the cheapest node with room, and among equals where it has no sibling yet.
#include <algorithm>
#include <numeric>
#include <tuple>

#include "compiler/placement/state.h"

namespace nemo::placement {

std::vector<uint32_t> by_difficulty(const State &state) {
  const Problem &problem = state.problem();
  std::vector<int64_t> largest(problem.room.size());
  for (size_t resource = 0; resource < problem.room.size(); ++resource)
    for (int64_t room : problem.room[resource])
      largest[resource] = std::max(largest[resource], room);
  std::vector<std::tuple<int, size_t, double, uint32_t>> keys;
  keys.reserve(problem.replicas.size());
  for (size_t n = 0; n < problem.needs.size(); ++n) {
    const Need &need = problem.needs[n];
    double size = 0;
    for (size_t resource = 0; resource < problem.room.size(); ++resource)
      if (largest[resource] > 0)
        size = std::max(size, static_cast<double>(need.demand[resource]) /
                                  static_cast<double>(largest[resource]));
    size_t nodes = state.allowed(n).count();
    for (uint32_t replica = need.first; replica < need.first + need.count; ++replica) {
      const bool pinned = problem.replicas[replica].pinned.has_value();
      keys.emplace_back(pinned ? 0 : need.exclusive ? 1 : 2, nodes, -size, replica);
    }
  }
  std::sort(keys.begin(), keys.end());
  std::vector<uint32_t> order;
  order.reserve(keys.size());
  for (const auto &key : keys)
    order.push_back(std::get<3>(key));
  return order;
}

std::optional<ReplicaId> greedy(State &state, bool warm) {
  const Problem &problem = state.problem();
  if (warm)
    for (size_t replica = 0; replica < problem.replicas.size(); ++replica) {
      NodeId home = problem.replicas[replica].home;
      if (home != nowhere && state.fits(replica, index(home)))
        state.put(replica, index(home));
    }
  for (uint32_t replica : by_difficulty(state)) {
    if (state.node_of(replica) != nowhere)
      continue;
    const uint32_t need = problem.replicas[replica].need;
    const bool alone = problem.needs[need].count == 1;
    const State::Offer *best = nullptr;
    unsigned company = 0;
    for (const State::Offer &offer : state.offers(need)) {
      if (best && (alone || offer.cost > best->cost))
        break;
      if (!state.fits(replica, offer.node))
        continue;
      const unsigned siblings = alone ? 0 : state.siblings_on(need, offer.node);
      if (!best || siblings < company) {
        best = &offer;
        company = siblings;
      }
    }
    if (!best)
      return ReplicaId(replica);
    state.put(replica, best->node);
  }
  return std::nullopt;
}

std::optional<ReplicaId> tight_fit(State &state) {
  const Problem &problem = state.problem();
  for (uint32_t replica : by_difficulty(state)) {
    const uint32_t need = problem.replicas[replica].need;
    std::optional<std::pair<double, size_t>> best;
    state.allowed(need).for_each([&](size_t node) {
      if (!state.fits(replica, node))
        return;
      double left = 0;
      for (size_t resource = 0; resource < problem.room.size(); ++resource)
        if (int64_t demand = problem.needs[need].demand[resource])
          left += static_cast<double>(state.room(resource, node) - demand) /
                  static_cast<double>(std::max<int64_t>(problem.room[resource][node], 1));
      if (!best || left < best->first)
        best = {left, node};
    });
    if (!best)
      return ReplicaId(replica);
    state.put(replica, best->second);
  }
  return std::nullopt;
}

} // namespace nemo::placement
