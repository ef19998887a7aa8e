// The system call filters of every process sandbox.
#pragma once

#include <string>

#include "llvm/Support/Error.h"

namespace nemo::sandbox {

/// Two seccomp programs, as nemo-supervisor reads them (handover.h).
llvm::Expected<std::string> make_filters();

} // namespace nemo::sandbox
