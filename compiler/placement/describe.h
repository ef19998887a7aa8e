// A placement as the stage's message: costs and reasons, and how far from the least it can be.
#pragma once

#include "compiler/network/egress.h"
#include "compiler/placement/jobs.h"
#include "compiler/placement/objective.h"
#include "compiler/placement/place.h"

namespace nemo::placement {

/// 1e-6 EUR/h that uneven nodes add; none where that is no number.
std::optional<int64_t> imbalance(const Problem &problem, const compiler::Objective &objective,
                                 const Assignment &assignment);

void set_gap(proto::ObjectiveValue &value);

/// \param timed    when jobs run; `jobs` says when they could
/// \param problem  of which the prices of room prove a bound
/// \param held     by replica: why it stays
stages::Placed describe(const stages::Inputs &inputs, const std::vector<compiler::NodeView> &nodes,
                        const stages::Admissible &admissible, const compiler::Objective &objective,
                        const compiler::Jobs &jobs, const compiler::Jobs &timed,
                        const Problem &problem, const Assignment &assignment,
                        const std::vector<std::string> &held, const stages::Resolved &resolved,
                        compiler::Egress &egress);

} // namespace nemo::placement
