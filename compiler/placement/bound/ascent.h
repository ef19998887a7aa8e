// Seeks multipliers whose relaxation is worth much.
#pragma once

#include "compiler/placement/bound/bound.h"

namespace nemo::optimiser {

/// One unit of effort is one replica weighed against one node. The value never falls when the
/// effort grows. Source: Barahona and Anbil, The volume algorithm, Mathematical Programming 87
/// (2000). \param known  a bound from elsewhere. \returns a certified bound, or 0 when there was no
/// time for any. \pre check(model)
Cost lagrangian_bound(const Model &model, const BoundOptions &options, Cost known);

} // namespace nemo::optimiser
