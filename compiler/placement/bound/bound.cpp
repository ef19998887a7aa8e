#include "compiler/placement/bound/bound.h"

#include "compiler/placement/bound/aggregate.h"
#include "compiler/placement/bound/ascent.h"

namespace nemo::optimiser {

Bound bound(const Model &model, const BoundOptions &options) {
  const Cost sums = aggregate_bound(model);
  const Cost priced = lagrangian_bound(model, options, sums);
  return priced > sums ? Bound{priced, "Lagrangian"} : Bound{sums, "aggregate"};
}

} // namespace nemo::optimiser
