// Best-improvement descent, worst node and largest replica first: while there is room, it is for
// those that are hard to move later.
#pragma once

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/random.h"
#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

/// What of a node's cost could be avoided, as far as sums over all nodes tell. Where demand exceeds
/// safety in sum, what is left below safety is a loss, elsewhere what is above; the avoidable of
/// all nodes sums to the overload and balance that are above the aggregate bound.
class Avoidable {
public:
  explicit Avoidable(const Tables &tables);
  Cost of(const State &state, uint32_t node) const;

private:
  std::vector<bool> over_; ///< by level
};

/// How much the replica weighs in what costs.
Cost weight(const Tables &tables, uint32_t replica);

/// Shifts replicas of the worst nodes to where they cost least, until hardly any gains or the
/// budget is spent. Leaving home has to save much of what a replica weighs at first, and less and
/// less.
void descend(State &state, const Avoidable &avoidable, Budget &budget);

} // namespace nemo::optimiser
