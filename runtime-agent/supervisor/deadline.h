// Until when the workload may run: a time of CLOCK_BOOTTIME in memory that the agent writes later
// ones to. A thread of its own ends the workload when that has come and no later one is there,
// whatever the agent does, and whatever the disk does that its log is written to.
#pragma once

#include <stdint.h>

#include <sys/types.h>

namespace nemo::supervisor {

class Deadline {
public:
  /// \returns an errno where kDeadline is not what it should be.
  int open();
  /// \param workload  what to end where this is no pid 1. \returns an errno.
  int begin(pid_t workload);
  /// Whether it has come.
  bool passed() const { return __atomic_load_n(&passed_, __ATOMIC_ACQUIRE); }

private:
  static void *watch(void *self);
  const int64_t *until_ = nullptr; ///< milliseconds
  pid_t workload_ = -1;
  bool passed_ = false;
};

} // namespace nemo::supervisor
