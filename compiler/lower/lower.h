// The last pass: the plan's desired state, one part for each node that the stack is or was on, and
// the digests that bind it.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

/// \param warnings  everything that was found on the way and is no error; shown with the plan.
proto::Plan lower(proto::Plan plan, const stages::Resolved &resolved,
                  const stages::Migration &migration, const std::vector<Diagnostic> &warnings);

} // namespace nemo::compiler
