// Names as they are given on a command line: `web`, `workload.web`, `web/1`, with `*` for any
// characters and `?` for one.
#pragma once

#include <cstdint>

#include "llvm/ADT/StringRef.h"

namespace nemo {

bool matches(llvm::StringRef pattern, llvm::StringRef text);

/// A pattern without `/` means every replica of the workloads that it names.
bool names_replica(llvm::StringRef pattern, llvm::StringRef workload, uint32_t replica);

} // namespace nemo
