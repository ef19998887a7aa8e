// Large-neighbourhood search: a few nodes at a time are annealed by themselves, those first that
// cost what sums over all nodes say is avoidable. Where tens of thousands of replicas are placed
// nearly as well as can be, this is where what is left to gain can be found.
#pragma once

#include "compiler/placement/search/anneal.h"
#include "compiler/placement/search/descend.h"

namespace nemo::optimiser {

/// Improves the state until the budget is spent; it never gets worse.
void focus(State &state, const Avoidable &avoidable, Random &random, Budget &budget);

} // namespace nemo::optimiser
