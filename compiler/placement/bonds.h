// Affinity and anti-affinity between workloads, on a whole placement.
#pragma once

#include "compiler/placement/state.h"

namespace nemo::placement {

/// The need by whose name bonds know this one.
inline uint32_t whole_of(const Problem &problem, uint32_t need) {
  const uint32_t whole = problem.needs[need].part_of;
  return whole == UINT32_MAX ? need : whole;
}

/// Whether this plan decides about any of the need, or of its parts.
bool planned(const Problem &problem, uint32_t need);

/// Whether the bond leads from the one node to the other.
inline bool close(const Problem &problem, const Bond &bond, size_t from, size_t to) {
  if (bond.reach != UINT32_MAX)
    return problem.reaches[bond.reach].to[from].test(to);
  const std::vector<uint32_t> &domain = problem.domain[static_cast<size_t>(bond.within)];
  return domain[from] == domain[to];
}

/// One that those who are placed do not keep; null: they keep all. Between two that both stay where
/// they are, nothing is asked.
const Bond *broken_bond(const State &state);

/// Whether every bond of the replica would hold on the node, and those that others have with it,
/// as far as it and others are placed. \param gone  nodes whose bystanders do not count
bool keeps_bonds(const State &state, size_t replica, size_t node, const NodeBits &gone);

/// One that no placement keeps: no domain has nodes for both workloads, or one domain is all that
/// both of them have. Null: none is so plain.
const Bond *impossible_bond(const State &state);

/// Bonds as node sets, with the other workload where it stands in `nodes`, by replica: to look at
/// one workload among others that stay.
void settle_bonds(Problem &problem, const std::vector<NodeId> &nodes);

} // namespace nemo::placement
