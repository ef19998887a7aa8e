// What somebody asked to have elsewhere moves as it runs: a move is no way to change it.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/migration/changes.h"

namespace nemo::compiler {

/// N0759 for replicas that were asked to be on a node and do not run, or whose block is another
/// than the one that they run by.
std::vector<Diagnostic> check_asked(const stages::Inputs &inputs, const Changes &changes);

} // namespace nemo::compiler
