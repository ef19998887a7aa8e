// What runs protected stays: recorded where it runs, so that no edit of the file lifts it.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/migration/changes.h"

namespace nemo::compiler {

/// N0751 for every protected workload that the changes would delete, replace or move; N0753, a
/// warning, for those that run protected while their block does not say so.
std::vector<Diagnostic> protection(const stages::Inputs &inputs, const Changes &changes);

} // namespace nemo::compiler
