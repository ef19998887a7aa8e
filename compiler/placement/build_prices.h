// What a placement costs, as numbers for the search.
#pragma once

#include "compiler/placement/build.h"

namespace nemo::placement {

/// Cost classes, and what keeping nodes awake costs. \pre needs have the class of their workload
void price(Problem &problem, const std::vector<compiler::NodeView> &nodes,
           const compiler::Objective &objective, const compiler::Jobs &jobs);

/// What the objective's `balance` says; see Problem::even.
void even_out(Problem &problem, const std::vector<compiler::NodeView> &nodes,
              const compiler::Objective &objective, const proto::Intent &intent,
              const stages::Resolved &resolved);

} // namespace nemo::placement
