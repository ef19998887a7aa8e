#include "cli/interrupt.h"

#include <cerrno>
#include <ctime>

namespace nemo::cli {

Interrupt::Interrupt() {
  sigemptyset(&held_);
  sigaddset(&held_, SIGINT);
  sigaddset(&held_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &held_, &before_);
}

Interrupt::~Interrupt() {
  interrupted(); // what came meanwhile was meant for what just ended
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Interrupt::interrupted() {
  const timespec at_once{};
  for (;;) {
    if (::sigtimedwait(&held_, nullptr, &at_once) > 0)
      seen_ = true;
    else if (errno != EINTR)
      return seen_;
  }
}

} // namespace nemo::cli
