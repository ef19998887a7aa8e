// The nodes in the order of what they cost, with the room that they have left: the cheapest that
// have room for a demand are found in about O(log nodes), whatever the fleet's size.
#pragma once

#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

class PriceOrder {
public:
  /// Of what a replica of mean demand pays there, with its share of the node's opening.
  explicit PriceOrder(const State &state);

  /// After what the node hosts has changed.
  void update(const State &state, uint32_t node);

  /// Calls `look(node)` for those that have room for what the replica takes, cheapest first, until
  /// it returns false. Room that the replica has only at its home is not seen.
  template <class F> void visit(uint32_t replica, F look) const {
    if (leaves_ > 0)
      visit_below(1, tables_.row(replica), look);
  }

private:
  template <class F> bool visit_below(uint32_t at, const int64_t *taken, F &look) const {
    const int64_t *most = most_.data() + size_t{at} * tables_.rooms;
    bool fits = true;
    for (uint32_t i = 0; i < tables_.rooms; ++i)
      fits &= taken[i] <= most[i];
    if (!fits)
      return true;
    if (at >= leaves_)
      return at - leaves_ >= nodes_.size() || look(nodes_[at - leaves_]);
    return visit_below(2 * at, taken, look) && visit_below(2 * at + 1, taken, look);
  }

  const Tables &tables_;
  uint32_t leaves_ = 0; ///< a power of two; node i of the order is entry leaves_ + i
  std::vector<uint32_t> nodes_, place_;
  std::vector<int64_t> most_; ///< [entry * rooms + room], the most of any node below
};

} // namespace nemo::optimiser
