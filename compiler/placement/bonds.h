// Affinity and anti-affinity between workloads, on a whole placement.
#pragma once

#include "compiler/placement/state.h"

namespace nemo::placement {

/// One that those who are placed do not keep; null: they keep all.
const Bond *broken_bond(const State &state);

/// Whether every bond of the replica would hold on the node, and those that others have with it,
/// as far as it and others are placed. \param gone  nodes whose bystanders do not count
bool keeps_bonds(const State &state, size_t replica, size_t node, const NodeBits &gone);

/// A proof that no placement keeps one: no domain has nodes for both workloads, or one domain is
/// all that both of them have.
std::optional<Infeasible> impossible_bond(const State &state);

/// Bonds as node sets, with the other workload where it stands in `nodes`, by replica: to look at
/// one workload among others that stay.
void settle_bonds(Problem &problem, const std::vector<NodeId> &nodes);

} // namespace nemo::placement
