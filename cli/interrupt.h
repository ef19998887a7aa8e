// Ctrl-C as something to ask for instead of something that happens: while one of these lives,
// SIGINT and SIGTERM wait until interrupted() is called.
#pragma once

#include <csignal>

namespace nemo::cli {

class Interrupt {
public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt &) = delete;
  Interrupt &operator=(const Interrupt &) = delete;
  bool interrupted();

private:
  sigset_t before_{};
  sigset_t held_{};
  bool seen_ = false;
};

} // namespace nemo::cli
