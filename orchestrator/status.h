// What was asked of the nodes beside what they report. Nothing is stored for it: desired state and
// observations are both in the fleet; predictions are recomputed from the intent by who has it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/fleet.pb.h"

namespace nemo::orchestrator {

struct ReplicaStatus {
  proto::Running observed;
  std::optional<proto::Resources> reserved; ///< from the desired state; absent: not wanted any more
};

struct Status {
  uint64_t generation = 0; ///< the highest of the parts shown
  std::vector<proto::PartState> parts;
  std::vector<ReplicaStatus> replicas; ///< by stack, workload, replica, node
};

/// \param stack  empty: all.
Status status_of(const proto::Fleet &fleet, const std::string &stack);

} // namespace nemo::orchestrator
