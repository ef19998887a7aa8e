// Packs nodes that are all alike when there is next to no room to waste.
#pragma once

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/random.h"
#include "compiler/placement/search/tables.h"

namespace nemo::optimiser {

/// When the sums of demand fill the fewest possible nodes nearly to the brim, only sets of replicas
/// that leave no more than that are of use. They are listed, and an exact cover of the replicas by
/// such sets is looked for: the replica with the fewest sets left first, with restarts.
/// \returns sets that fit a node each, disjoint; as many as were found, at best everybody's.
/// Nothing, when nodes are not alike or there are too many sets.
/// Sources: bin completion after Martello and Toth (1990), "Knapsack Problems", and Korf (2003),
/// "An improved algorithm for optimal bin packing"; cover by fewest choices, Knuth (2000), "Dancing
/// links".
std::vector<std::vector<uint32_t>> exact_fit(const Tables &tables, Random &random, Budget &budget);

} // namespace nemo::optimiser
