// Where overload and balance are as low as they can be, what is left to save is moves: fewer of
// them, to nearer nodes. Annealing that draws from those that are away.
#pragma once

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/random.h"
#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

/// Until the budget is spent; leaves the state at the best that was seen. Does nothing where next
/// to nobody is away.
///
/// \param begin  the least temperature to begin with, in units of cost.
void bring_home(State &state, double begin, Random &random, Budget &budget);

} // namespace nemo::optimiser
