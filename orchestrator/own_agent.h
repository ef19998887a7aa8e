// The agent on this machine as a process: started, and ended without touching what it runs.
#pragma once

#include <string>

#include "llvm/Support/Error.h"

namespace nemo::orchestrator {

/// Starts it where it does not run. \returns the socket that it answers on.
llvm::Expected<std::string> start_agent();

/// \returns whether it ran; when this returns nothing listens on its socket any more.
llvm::Expected<bool> stop_agent();

} // namespace nemo::orchestrator
