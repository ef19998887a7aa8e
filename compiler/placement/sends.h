// The search with what flows pay: rounds of best response. Where the partners of a replica stand
// sets its price on every node, everybody is placed again at these prices, and the better of the
// placements by the true total is kept.
#pragma once

#include "compiler/network/egress.h"
#include "compiler/placement/objective.h"
#include "compiler/placement/settle.h"

namespace nemo::placement {

std::vector<compiler::Stand> stands(const Problem &problem, const Assignment &assignment);

/// \param problem  without what flows pay, and without replicas that are held
/// \param first  its placement
llvm::Expected<Assignment> place_flows(const Problem &problem, const Budget &budget,
                                       const Hysteresis &hysteresis,
                                       const compiler::Objective &objective,
                                       compiler::Egress &egress, Assignment first);

} // namespace nemo::placement
