// A first placement: hardest first, each where it costs least; who finds no room ejects others.
#pragma once

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/random.h"
#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

/// Places who is not placed and mends what is broken; who is placed may have to move.
/// \returns whether nothing is broken any more; else the budget is spent.
/// Source of the repair: ejection with penalties, Nagata and Bräysy (2009), "A powerful route
/// minimization heuristic for the vehicle routing problem with time windows".
bool construct(State &state, Random &random, Budget &budget);

} // namespace nemo::optimiser
