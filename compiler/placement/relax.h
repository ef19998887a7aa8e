// What would make a conflict fit: the smallest change of each kind, each by itself, and each tried.
#pragma once

#include "compiler/placement/place.h"

namespace nemo::placement {

struct Relaxation {
  enum class Kind {
    beside, ///< `amount` more replicas where `spread` allows one
    less,   ///< at most `amount` of `resource` for each replica
    fewer,  ///< `amount` replicas
    without ///< the restriction left out
  };
  Kind kind = Kind::without;
  stages::Restriction restriction; ///< what is changed
  uint32_t need = 0;               ///< the workload
  size_t resource = 0;
  int64_t amount = 0;
  std::vector<NodeId> beside;  ///< kind beside: where they are
  bool everybody = true;       ///< false: this conflict is resolved, and others are left
  std::optional<int64_t> cost; ///< of everything, placed so: 1e-9 of the objective per hour
};

struct Relaxations {
  std::vector<Relaxation> list; ///< concessions before rules left out, the cheapest of a kind first
  bool complete = true;         ///< false: the effort ended before everything was tried
};

/// Every member is a change after which the workloads of the conflict were placed and, unless it
/// says otherwise, all others too.
Relaxations relaxations(const Problem &problem, const Infeasible &conflict, const Budget &budget);

/// What an assignment costs, 1e-9 of the objective per hour; nullopt where a part is not known.
std::optional<int64_t> cost(const Problem &problem, const Assignment &assignment);

} // namespace nemo::placement
