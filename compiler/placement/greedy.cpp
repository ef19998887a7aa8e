// First placements. What runs stays where it runs; then the replica that is hardest to place goes
// first, each to the cheapest node with room, and among equals where it has no sibling yet.
#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "compiler/placement/bond_check.h"

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
      keys.emplace_back(of_its_own(problem.replicas[replica]) ? 0
                        : need.exclusive                      ? 1
                                                              : 2,
                        nodes, -size, replica);
    }
  }
  std::sort(keys.begin(), keys.end());
  std::vector<uint32_t> order;
  order.reserve(keys.size());
  for (const auto &key : keys)
    order.push_back(std::get<3>(key));
  return order;
}

namespace {

/// Those of `order` that are not placed, each to its cheapest node that `allow` agrees to.
template <typename Allow>
std::optional<ReplicaId> fill(State &state, const std::vector<uint32_t> &order, Allow allow) {
  const Problem &problem = state.problem();
  for (uint32_t replica : order) {
    if (state.node_of(replica) != nowhere)
      continue;
    const uint32_t need = problem.replicas[replica].need;
    const bool alone = problem.needs[need].count == 1;
    const State::Offer *best = nullptr;
    unsigned company = 0;
    for (const State::Offer &offer : state.offers(need)) {
      if (best && (alone || offer.cost > best->cost))
        break;
      if (!state.fits(replica, offer.node) || !allow(replica, offer.node))
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

/// The same for those who have to be near one another: where the first goes decides where the
/// others can, so that it is tried on one node after the other.
template <typename Allow>
bool fill_together(State &state, const std::vector<uint32_t> &group, Allow allow) {
  unsigned tries_left = 100;
  for (const State::Offer &offer : state.offers(state.problem().replicas[group.front()].need)) {
    if (!state.fits(group.front(), offer.node) || !allow(group.front(), offer.node))
      continue;
    if (tries_left-- == 0)
      return false;
    state.put(group.front(), offer.node);
    if (!fill(state, group, allow))
      return true;
    for (uint32_t replica : group)
      if (state.node_of(replica) != nowhere)
        state.lift(replica);
  }
  return false;
}

/// Everybody, by who has to be near whom, the most difficult groups first; of a group those first
/// whom most have to be near.
std::vector<std::vector<uint32_t>> near_groups(const State &state) {
  const Problem &problem = state.problem();
  std::vector<uint32_t> wanted(problem.needs.size()), parent(problem.needs.size());
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](uint32_t at) {
    while (parent[at] != at)
      at = parent[at] = parent[parent[at]];
    return at;
  };
  for (const Bond &bond : problem.bonds)
    if (!bond.apart) {
      ++wanted[bond.to];
      parent[root(bond.need)] = root(bond.to);
    }
  std::vector<std::vector<uint32_t>> groups;
  std::map<uint32_t, size_t> known;
  for (uint32_t replica : by_difficulty(state)) {
    const auto [entry, fresh] =
        known.try_emplace(root(problem.replicas[replica].need), groups.size());
    if (fresh)
      groups.emplace_back();
    groups[entry->second].push_back(replica);
  }
  for (std::vector<uint32_t> &group : groups)
    std::stable_sort(group.begin(), group.end(), [&](uint32_t a, uint32_t b) {
      return wanted[problem.replicas[a].need] > wanted[problem.replicas[b].need];
    });
  return groups;
}

} // namespace

std::optional<ReplicaId> greedy(State &state, bool warm) {
  const Problem &problem = state.problem();
  if (warm)
    for (size_t replica = 0; replica < problem.replicas.size(); ++replica) {
      NodeId home = problem.replicas[replica].home;
      if (home != nowhere && state.fits(replica, index(home)))
        state.put(replica, index(home));
    }
  return fill(state, by_difficulty(state), [](uint32_t, uint32_t) { return true; });
}

bool bonded_greedy(State &state) {
  const BondCheck bonds(state);
  uint64_t looked = UINT64_MAX;
  const auto allow = [&](uint32_t replica, uint32_t node) {
    return bonds.allow(replica, node, looked);
  };
  for (const std::vector<uint32_t> &group : near_groups(state))
    if (group.size() == 1 ? fill(state, group, allow).has_value()
                          : !fill_together(state, group, allow))
      return false;
  return true;
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
