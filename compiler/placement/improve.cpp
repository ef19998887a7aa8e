// Local improvement. A replica that runs pays a toll for leaving its node, so small savings do not
// make services wander; the toll is the hysteresis.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "compiler/placement/state.h"

namespace nemo::placement {

namespace {

class Improver {
public:
  Improver(State &state, const Budget &budget)
      : state_(state), problem_(state.problem()), steps_(budget.improve_steps),
        passes_(budget.improve_passes) {}

  void run() {
    for (unsigned pass = 0; pass < passes_; ++pass) {
      bool changed = false;
      for (size_t replica = 0; replica < problem_.replicas.size(); ++replica)
        changed |= move(replica);
      for (size_t replica = 0; replica < problem_.replicas.size() && steps_ > 0; ++replica)
        changed |= exchange(replica);
      if (!changed)
        return;
    }
  }

private:
  const Need &need_of(size_t replica) const {
    return problem_.needs[problem_.replicas[replica].need];
  }

  // With the toll. Where the cost at home is not known, no saving is known either: it stays.
  int64_t price(size_t replica, size_t node) const {
    const int64_t here = cost(problem_, need_of(replica), node);
    const NodeId home = problem_.replicas[replica].home;
    if (home == nowhere || !state_.admitted(replica, index(home)))
      return here;
    const int64_t at_home = cost(problem_, need_of(replica), index(home));
    if (index(home) == node)
      return at_home == unknown_cost ? -unknown_cost : here;
    if (at_home == unknown_cost || here == unknown_cost)
      return unknown_cost;
    return here + std::llabs(std::llround(static_cast<double>(at_home) * hysteresis)) + 1;
  }

  bool at_best(size_t replica) const {
    return cost(problem_, need_of(replica), index(state_.node_of(replica))) <=
           state_.offers(problem_.replicas[replica].need).front().cost;
  }

  bool move(size_t replica) {
    if (at_best(replica))
      return false;
    const size_t from = index(state_.node_of(replica));
    int64_t best_price = price(replica, from);
    size_t best = from;
    state_.lift(replica);
    for (const auto [least, node] : state_.offers(problem_.replicas[replica].need)) {
      if (least > best_price)
        break; // no price is below the cost
      if (node == from)
        continue;
      int64_t there = price(replica, node);
      if ((there < best_price || (there == best_price && best != from &&
                                  problem_.tie_rank[node] < problem_.tie_rank[best])) &&
          state_.fits(replica, node)) {
        best_price = there;
        best = node;
      }
    }
    state_.put(replica, best);
    return best != from;
  }

  // Swaps with a replica on a cheaper node that has no room, when both together pay less.
  bool exchange(size_t replica) {
    if (at_best(replica))
      return false;
    const size_t from = index(state_.node_of(replica));
    const int64_t mine = price(replica, from);
    for (const auto [least, node] : state_.offers(problem_.replicas[replica].need)) {
      if (least >= mine || steps_ == 0)
        break;
      if (node == from || !state_.admitted(replica, node))
        continue;
      --steps_;
      const int64_t there = price(replica, node);
      if (there >= mine)
        continue;
      const std::vector<uint32_t> others = state_.on_node(node);
      for (uint32_t other : others) {
        if (steps_ == 0)
          break;
        --steps_;
        if (!state_.admitted(other, from))
          continue;
        const int64_t gain = mine - there - (price(other, from) - price(other, node));
        if (gain > 0 && swap(replica, from, other, node))
          return true;
      }
    }
    return false;
  }

  bool swap(size_t replica, size_t from, size_t other, size_t node) {
    state_.lift(replica);
    state_.lift(other);
    if (state_.fits(replica, node)) {
      state_.put(replica, node);
      if (state_.fits(other, from)) {
        state_.put(other, from);
        return true;
      }
      state_.lift(replica);
    }
    state_.put(replica, from);
    state_.put(other, node);
    return false;
  }

  State &state_;
  const Problem &problem_;
  uint64_t steps_;
  unsigned passes_;
};

} // namespace

void improve(State &state, const Budget &budget) { Improver(state, budget).run(); }

} // namespace nemo::placement
