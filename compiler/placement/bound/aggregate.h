// Bounds that forget which node a replica is on: sums of demand against sums of capacity.
#pragma once

#include "compiler/placement/model/model.h"

namespace nemo::optimiser {

/// In one pass over the tables, O(replicas + nodes * resources * pools) with at most 64 pools.
/// \returns what every assignment costs at least; 0 says nothing.
/// \pre check(model)
Cost aggregate_bound(const Model &model);

} // namespace nemo::optimiser
