// Moves one large replica to a node that is full of small ones, which find places elsewhere.
#pragma once

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/random.h"
#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

/// Lifts replicas off the node until the other costs nothing there, then places them where they
/// cost least, the largest first.
/// \returns whether that made the placement cheaper; if not, nothing has changed.
/// \pre the replica is on another node.
/// Source: "big process rearrangement", Gavranović and Buljubašić (2016), "An efficient local
/// search with noising strategy for Google machine reassignment problem".
bool rearrange(State &state, uint32_t large, uint32_t node, Random &random, Budget &budget);

} // namespace nemo::optimiser
