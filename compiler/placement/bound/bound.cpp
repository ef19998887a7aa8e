#include "compiler/placement/bound/bound.h"

#include "compiler/placement/bound/aggregate.h"

namespace nemo::optimiser {

Bound bound(const Model &model, const BoundOptions &) {
  return {aggregate_bound(model), "aggregate"};
}

} // namespace nemo::optimiser
