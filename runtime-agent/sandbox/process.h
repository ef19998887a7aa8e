// Facts about processes from /proc.
#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

namespace nemo::sandbox {

/// Field 22 of /proc/PID/stat; nullopt when there is no such process or it is a zombie.
std::optional<uint64_t> start_time_of(pid_t pid);

struct TreeUse {
  double cpu_seconds = 0;
  uint64_t memory_bytes = 0; ///< proportional set size
};
/// Sums over `root`, its descendants and what they have reaped.
TreeUse tree_use(pid_t root);

} // namespace nemo::sandbox
