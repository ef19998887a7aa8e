// Limits that the workload runs into. The kernel counts these refusals and tells nobody, so they
// are looked at every so often, and at the end.
#pragma once

#include <cstdint>

#include "runtime-agent/supervisor/refusals.h"

namespace nemo::supervisor {

class Limits {
public:
  void begin();
  void look(Refusals &refusals);

private:
  uint64_t memory_ = 0, processes_ = 0;
  bool full_[3] = {};
};

/// The number after "KEY " in the small file behind a descriptor; 0 when it cannot be read.
uint64_t counted(int fd, const char *key);

} // namespace nemo::supervisor
