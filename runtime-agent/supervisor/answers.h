// Answers to the workload's refused system calls. The kernel stops the caller and asks here; so the
// refusal is known, in the same way as root and as an ordinary user.
#pragma once

#include "runtime-agent/supervisor/filters.h"
#include "runtime-agent/supervisor/refusals.h"

namespace nemo::supervisor {

class Answers {
public:
  /// \param listener  -1: nobody asks.
  void begin(int listener, FilterFile filters) {
    fd_ = listener;
    filters_ = filters;
  }
  int fd() const { return fd_; }
  /// One question. Attempts go to `refusals`.
  void answer(Refusals &refusals);
  void stop();

private:
  int fd_ = -1;
  FilterFile filters_;
};

} // namespace nemo::supervisor
