#include "compiler/placement/search/rearrange.h"

#include <algorithm>

#include "compiler/placement/search/descend.h"

namespace nemo::optimiser {

namespace {

constexpr size_t most_lifted = 64;

struct Lifted {
  uint32_t replica, node, devices;
  Cost weight;
};

Lifted lift(State &state, uint32_t replica) {
  const Lifted out{replica, state.node_of(replica), state.devices_of(replica),
                   weight(state.tables(), replica)};
  state.lift(replica);
  return out;
}

bool place(State &state, uint32_t replica) {
  const Tables &tables = state.tables();
  uint32_t best_node = nowhere;
  Cost best = 0;
  for (uint32_t node = 0; node < tables.nodes; ++node) {
    if (!state.room(replica, node))
      continue;
    const Cost cost = state.arriving(replica, node) + state.busiest_change(replica, node);
    if ((best_node == nowhere || cost < best) && state.within_limits(replica, node)) {
      best = cost;
      best_node = node;
    }
  }
  if (best_node != nowhere)
    state.put(replica, best_node);
  return best_node != nowhere;
}

} // namespace

bool rearrange(State &state, uint32_t large, uint32_t node, Random &random, Budget &budget) {
  const Tables &tables = state.tables();
  if (!tables.may(large, node))
    return false;
  const Cost before = state.cost();
  const int64_t broken = state.broken();
  std::vector<uint32_t> there = state.hosted(node);
  shuffle(there, random);
  std::vector<Lifted> out{lift(state, large)};
  auto fits = [&] {
    return state.admits(large, node) &&
           state.arriving(large, node) <= tables.own(large, node) + (there.empty() ? before : 0);
  };
  while (!fits() && !there.empty() && out.size() < most_lifted) {
    out.push_back(lift(state, there.back()));
    there.pop_back();
  }
  budget.spend(2 * out.size());
  bool whole = state.admits(large, node);
  if (whole) {
    state.put(large, node);
    std::sort(out.begin() + 1, out.end(), [](const Lifted &a, const Lifted &b) {
      return a.weight != b.weight ? a.weight > b.weight : a.replica < b.replica;
    });
    for (size_t i = 1; i < out.size() && whole; ++i) {
      whole = place(state, out[i].replica);
      budget.spend(tables.nodes);
    }
  }
  if (whole && state.cost() < before && state.broken() <= broken)
    return true;
  for (const Lifted &one : out)
    if (state.node_of(one.replica) != nowhere)
      state.lift(one.replica);
  for (const Lifted &one : out)
    state.put_back(one.replica, one.node, one.devices);
  return false;
}

} // namespace nemo::optimiser
