// A move that somebody asked for is planned alone. What was promised to the rest counts all the
// same.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

/// N0521 where losses that workloads are to survive would be survived as things are now, and not
/// once what was asked for is where `placed` has it.
std::vector<Diagnostic> broken_promises(const stages::Inputs &inputs,
                                        const stages::Resolved &resolved,
                                        const stages::Placed &placed);

} // namespace nemo::compiler
