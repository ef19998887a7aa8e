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
  std::vector<std::vector<uint32_t>> devices; ///< by node, which of its devices the model has
  /// Of the objective, with what leaving costs.
  int64_t value(optimiser::Cost cost) const { return base + (cost << halvings); }
  /// The state's placement. \pre everybody is placed
  optimiser::Solution start(const State &state) const;
  /// Which devices of its node a replica has in a solution.
  DeviceBits devices_of(const optimiser::Solution &solution, size_t replica) const;
};
General general(const State &state);

} // namespace nemo::placement
