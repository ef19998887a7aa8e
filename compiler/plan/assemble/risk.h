// What a plan says of the risk that nodes promise more processor than they have.
#pragma once

#include <vector>

#include "compiler/pipeline/stages.pb.h"
#include "compiler/resolve/names.h"

namespace nemo::compiler {

/// Of an objective with `overcommit`: the highest bound of any node, which placement has kept to.
/// \param of_workload  nodes of its replicas
proto::Expectation risk_taken(const proto::Objective &objective, const stages::Inputs &inputs,
                              const stages::Resolved &resolved,
                              const std::vector<std::vector<uint32_t>> &of_workload);

} // namespace nemo::compiler
