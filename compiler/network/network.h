// What cannot be delivered is an error here, at plan time; what a node cannot enforce is shown.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

/// Needs that no node and no backend here meets: blocks that nothing delivers, sandbox kinds and
/// networks that no node offers. Each names the object, the need, and who comes nearest.
std::vector<Diagnostic> undeliverable(const stages::Inputs &inputs,
                                      const stages::Resolved &resolved);

/// Limits and filters that the chosen nodes say they cannot enforce, by workload, node, capability.
stages::Deliverable shortfalls(const stages::Inputs &inputs, const stages::Resolved &resolved,
                               const stages::Placed &placed);

} // namespace nemo::compiler
