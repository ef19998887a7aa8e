#include "compiler/placement/search/descend.h"

#include <algorithm>
#include <numeric>

namespace nemo::optimiser {

Avoidable::Avoidable(const Tables &tables) {
  std::vector<Cost> sum(tables.levels);
  for (uint32_t node = 0; node < tables.nodes; ++node)
    for (uint32_t i = 0; i < tables.levels; ++i)
      sum[i] += tables.node_rows[size_t{node} * tables.stride + tables.rooms + i];
  for (uint32_t replica = 0; replica < tables.replicas; ++replica)
    for (uint32_t i = 0; i < tables.levels; ++i)
      sum[i] += tables.row(replica)[tables.rooms + i];
  for (Cost one : sum)
    over_.push_back(one > 0);
}

Cost Avoidable::of(const State &state, uint32_t node) const {
  const int64_t *level = state.node_row(node) + state.tables().rooms;
  Cost out = 0;
  for (size_t i = 0; i < over_.size(); ++i)
    out += std::max<int64_t>(over_[i] ? -level[i] : level[i], 0);
  return out;
}

Cost weight(const Tables &tables, uint32_t replica) {
  const int64_t *row = tables.row(replica) + tables.rooms;
  Cost out = 0;
  for (uint32_t i = 0; i < tables.levels; ++i)
    out += std::max<int64_t>(row[i], 0);
  return out;
}

namespace {

uint32_t cheapest(const State &state, uint32_t replica, Cost least) {
  const uint32_t from = state.node_of(replica);
  const Cost leaving = state.leaving(replica);
  Cost best = state.tables().home[replica] == from ? -least : 0;
  uint32_t best_node = nowhere;
  for (uint32_t node = 0; node < state.tables().nodes; ++node) {
    if (node == from || !state.room(replica, node))
      continue;
    const Cost delta =
        leaving + state.arriving(replica, node) + state.busiest_change(replica, node);
    if (delta < best && state.rules_allow(replica, node)) {
      best = delta;
      best_node = node;
    }
  }
  return best_node;
}

} // namespace

void descend(State &state, const Avoidable &avoidable, Budget &budget) {
  const Tables &tables = state.tables();
  std::vector<Cost> weights(tables.replicas), worst(tables.nodes);
  for (uint32_t replica = 0; replica < tables.replicas; ++replica)
    weights[replica] = weight(tables, replica);
  std::vector<uint32_t> nodes(tables.nodes), there;
  std::iota(nodes.begin(), nodes.end(), 0);
  // While it saves most of what they weigh for replicas to leave home, only those do: what they
  // hold there is room that nobody has.
  for (double share = 0.8; budget.left();) {
    const Cost before = state.cost();
    for (uint32_t node : nodes)
      worst[node] = avoidable.of(state, node);
    std::stable_sort(nodes.begin(), nodes.end(),
                     [&](uint32_t a, uint32_t b) { return worst[a] > worst[b]; });
    for (uint32_t from : nodes) {
      there = state.hosted(from);
      std::sort(there.begin(), there.end(), [&](uint32_t a, uint32_t b) {
        return weights[a] != weights[b] ? weights[a] > weights[b] : a < b;
      });
      for (uint32_t replica : there) {
        if (const uint32_t node = cheapest(
                state, replica, static_cast<Cost>(share * static_cast<double>(weights[replica])));
            node != nowhere)
          state.shift(replica, node);
        if (!budget.spend(tables.nodes))
          return;
      }
    }
    if (static_cast<double>(before - state.cost()) > 0.02 * static_cast<double>(before))
      continue;
    if (share == 0)
      break;
    share = share > 0.2 ? share - 0.2 : share > 0.05 ? share / 2 : 0;
  }
}

} // namespace nemo::optimiser
