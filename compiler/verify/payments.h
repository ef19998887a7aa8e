// The least that workloads cost together with what flows between them pay.
#pragma once

#include "compiler/verify/candidates.h"
#include "compiler/verify/egress.h"

namespace nemo::verify {

/// In Scarcity's unit, without the worth of scarce room: what no placement of the plan's replicas
/// falls short of, as the plan rounds what each replica pays. A flow between workloads that earlier
/// ones connect counts with what its sender pays at least; the others make trees, and in a tree
/// every replica is given the nodes that suit it best for each node of its neighbour. Nullopt where
/// no flow counts, or a cost is not known.
std::optional<__int128> least_with_flows(const Case &subject, const Objective &objective,
                                         Choosing &choosing, Egress &egress);

} // namespace nemo::verify
