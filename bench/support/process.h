// What processes that run on cost, as the kernel counts it.
#pragma once

#include <vector>

#include <sys/types.h>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace nemo::bench {

/// \param kind  "Pss:", what is shared divided among those who share it, or "Rss:".
llvm::Expected<double> memory_mib(pid_t pid, llvm::StringRef kind);

/// On a CPU since its start, all threads.
llvm::Expected<double> cpu_seconds(pid_t pid);

/// Of all of them together, in percent of one core over the next `seconds`.
llvm::Expected<double> cpu_percent(llvm::ArrayRef<pid_t> pids, int seconds);

} // namespace nemo::bench
