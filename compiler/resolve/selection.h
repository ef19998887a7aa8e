// --target and --exclude: which replicas a plan may touch. Everything else stays as it is, and to
// the passes that follow it is surroundings: room that is taken, addresses that are there.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

bool is_selective(const stages::Inputs &inputs);

/// Whether somebody asked for the replica to be on some node.
bool is_asked(const stages::Inputs &inputs, const std::string &workload, uint32_t replica);

/// Takes what is not selected out of `resolved.replicas`, and moves it from `existing` to `frozen`.
/// A target brings along what it is `after` (a removal: what uses it), as it cannot do without.
/// What is excluded takes with it those that could never start then: what is `after` something that
/// is excluded and does not run. N0754 for a pattern that selects nothing, N0755 where targets and
/// exclusions contradict.
std::vector<Diagnostic> select(const stages::Inputs &inputs, stages::Resolved &resolved);

/// A replica that runs and goes on under its name, so that others may use its address.
bool serves(const stages::Existing &there);

} // namespace nemo::compiler
