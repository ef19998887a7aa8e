// Whose things may be touched.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

/// Refuses to change what another source applied, unless it is taken over.
std::vector<Diagnostic> ownership(const stages::Inputs &inputs, const stages::Resolved &resolved);

} // namespace nemo::compiler
