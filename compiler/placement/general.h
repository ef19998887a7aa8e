// The tables of this stage in the general placement problem, which the optimiser works on.
#pragma once

#include "compiler/placement/model/model.h"
#include "compiler/placement/state.h"

namespace nemo::placement {

/// The replicas of `state`'s problem, then its bystanders: every rule, and costs in its unit less
/// what cannot be saved, perhaps halved so often that sums fit. A replica that runs pays for
/// leaving its node (hysteresis); where its cost there is not known, it stays.
struct General {
  optimiser::Model model;
  int64_t base = 0;      ///< what all pay at least, 1e-9 of the objective's unit per hour
  unsigned halvings = 0; ///< of what the model counts from there
  /// Of the objective, with what leaving costs.
  int64_t value(optimiser::Cost cost) const { return base + (cost << halvings); }
};
General general(const State &state);

} // namespace nemo::placement
