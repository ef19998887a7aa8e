// Hysteresis: what has just arrived stays a while, and only so many move in an hour. Neither holds
// back what has to move.
#pragma once

#include <string>

#include "compiler/placement/jobs.h"
#include "compiler/placement/place.h"

namespace nemo::placement {

struct Hysteresis {
  std::vector<std::string> dwells; ///< by replica: why it stays; empty: it may move
  std::optional<uint32_t> most;    ///< replicas that may arrive within an hour
  uint32_t recent = 0;             ///< those that have within the last one
  /// By replica: why, if it stays, nothing better is looked for.
  std::vector<std::string> held(const Problem &problem, const Assignment &assignment) const;
};

/// From when replicas arrived, the fleet's time, and what the intent says. Who is not said to have
/// arrived long enough ago dwells, and a job that has begun stays.
Hysteresis hysteresis_of(const stages::Inputs &inputs, const stages::Resolved &resolved,
                         const compiler::Jobs &jobs);

/// place(), with replicas held at home as far as there is a placement then. Those that dwell are
/// tried together, and where that leaves none, one by one. Of those that move to save cost, the
/// ones that save most do while moves of the hour are left.
llvm::Expected<Assignment> place_settled(Problem &problem, const Budget &budget,
                                         const Hysteresis &hysteresis);

} // namespace nemo::placement
