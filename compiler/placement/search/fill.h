// A first placement on few and cheap nodes.
#pragma once

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

/// Places whom it can of those who are nowhere: the largest first, each where it costs least and
/// then where least is left; new nodes are opened in the order of their price for what they have.
/// Sizes are weighed by how scarce a resource is.
/// Source: best fit decreasing by the weighted remainder, Panigrahy, Talwar, Uyeda and Wieder
/// (2011), "Heuristics for vector bin packing".
void fill(State &state, Budget &budget);

} // namespace nemo::optimiser
