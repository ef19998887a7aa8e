// Annealing of everything in which capacities can be exceeded at a price, as next to no change of
// large replicas finds room on full nodes: what is in the way of a better placement is crossed, not
// walked around. The price rises as the temperature falls, until nothing is exceeded any more.
// Source: strategic oscillation, Glover (1989), "Tabu Search, Part I", ORSA Journal on Computing 1.
#pragma once

#include "compiler/placement/search/anneal.h"

namespace nemo::optimiser {

/// Until the budget is spent. Capacities are kept afterwards; where they cannot be, the state is as
/// it was.
///
/// \param loss  of the guide (Guides).
void anneal_softly(State &state, const Cooling &cooling, Cost loss, Random &random, Budget &budget);

} // namespace nemo::optimiser
