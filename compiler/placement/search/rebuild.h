// Takes some replicas that belong together out of the placement and puts them back where they cost
// least: what single moves cannot do under rules that bind several replicas, or where a node has to
// be emptied or opened as a whole.
#pragma once

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/random.h"
#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

/// Until the budget is spent. Taken out are what a node hosts, a group with those that have to be
/// near it, or a part of what a few nodes host; or a closed node is opened in exchange for another.
/// \param tolerance  what comes of it is kept while it is dearer than the best by at most this
/// share of the cost.
/// \pre state.broken() == 0 \post the same; the state is the best that was seen.
/// Sources: Schrimpf, Schneider, Stamm-Wilbrandt and Dueck (2000), "Record breaking optimization
/// results using the ruin and recreate principle"; Dueck (1993), "New optimization heuristics" (the
/// record-to-record rule).
void rebuild(State &state, double tolerance, Random &random, Budget &budget);

} // namespace nemo::optimiser
