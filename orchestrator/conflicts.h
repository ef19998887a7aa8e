// The conflicts of a merge, named by file and lines on both sides.
#pragma once

#include "orchestrator/git_handles.h"
#include "orchestrator/merge.h"

namespace nemo::orchestrator {

/// Adds a diagnostic for each place where both sides changed what the other changed.
void report_conflicts(Merge &merge, git_repository *repository, git_index *index);

} // namespace nemo::orchestrator
