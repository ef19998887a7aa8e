// Pays for fewer or cheaper nodes: closes some that host replicas, opens others that cost less.
#pragma once

#include <functional>
#include <optional>

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/random.h"
#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

/// Whether any node costs something to open.
bool opening_costs(const Tables &tables);

/// Where prices differ, chooses all open nodes anew at first, and squeezes everybody into them.
/// Then empties a few open nodes, with cheaper ones opened in exchange, and finds room for what
/// they hosted by ejection. Keeps what got cheaper. \param enough    ends when the cost is not
/// above it. \param improved  called at each new best. \pre state.broken() == 0 \post the state is
/// the best one: nothing is broken, and its cost is not above what it was.
void close_nodes(State &state, Random &random, Budget &budget, std::optional<Cost> enough,
                 const std::function<void()> &improved);

} // namespace nemo::optimiser
