// In which order workloads with a priority are given room.
#pragma once

#include <cstdint>
#include <vector>

#include "protocol/intent.pb.h"

namespace nemo::placement {

/// Replicas that are given room together: one, or all of a gang.
struct Turn {
  uint32_t workload = 0;
  uint32_t first = 0, count = 1; ///< which of the workload's that have not finished
  bool guaranteed = false;       ///< within what its tenant is guaranteed
  uint32_t priority = 0;         ///< of the workload, or of what needs it

  /// Takes room from `other`, never the other way round.
  bool above(const Turn &other) const {
    return guaranteed != other.guaranteed ? guaranteed : priority > other.priority;
  }
};

/// First who gets room first: what tenants are guaranteed, then by priority, then in the order of
/// the intent and by number. Workloads without a priority are not in it: they always get room, and
/// so does what they are `after` or have an affinity to.
/// \param finished  by workload: how many of its replicas have finished
std::vector<Turn> queue(const proto::Intent &intent, const std::vector<uint32_t> &finished);

} // namespace nemo::placement
