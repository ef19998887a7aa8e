// Why no placement exists, narrowed down until nothing in it is superfluous.
#pragma once

#include "compiler/placement/place.h"

namespace nemo::placement {

/// The problem with only these workloads.
Problem only(const Problem &problem, const std::vector<uint32_t> &needs);

/// \param needs  workloads of `problem` that were proved to have no placement together.
Infeasible narrow(const Problem &problem, std::vector<uint32_t> needs, const Budget &budget);

/// Workloads that compete for no node with those of other groups can be decided apart.
std::vector<std::vector<uint32_t>> components(const Problem &problem);

} // namespace nemo::placement
