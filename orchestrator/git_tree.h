// A commit's tree, read as if it were a directory on the disk.
#pragma once

#include "intent/check/files.h"
#include "orchestrator/git_handles.h"

namespace nemo::orchestrator {

/// Relative paths begin at the top of the tree, absolute ones lie below `top`. Links are followed
/// inside the tree; what leads out of it keeps its path, so that the reader can refuse it by name.
/// \param repository  kept as long as the result is.
check::Files files_of(std::shared_ptr<git_repository> repository, GitTree tree, std::string top);

} // namespace nemo::orchestrator
