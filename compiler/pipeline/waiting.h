// Workloads that may wait: where there is not room for all, those of the lowest priority get none.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"
#include "compiler/placement/watch.h"

namespace nemo::compiler {

/// Takes up a state before placement. Where quick methods find no room for everybody, it is placed
/// with as many replicas as there is room for, in turn (placement/queue.h), and the placement says
/// which wait. Not in a plan for a part of the stack.
/// \returns whether that was so; else nothing has changed.
bool let_wait(stages::Stages &state, const placement::Watch &watch,
              std::vector<Diagnostic> &diagnostics);

} // namespace nemo::compiler
