// Cloud balancing, the constraint solvers' example, in the general model: processes on computers
// that cost what they cost as soon as one process runs there.
#pragma once

#include <string>

#include "compiler/placement/model/model.h"

namespace nemo::bench {

/// \param path  JSON with `computerList` and `processList`, also packed.
llvm::Expected<optimiser::Model> read_cloud(const std::string &path);

} // namespace nemo::bench
