// Two places for one machine: taps on one bridge in a network namespace of this process's own, and
// the example unikernel, which counts, in the one or the other.
#pragma once

#include <optional>
#include <string>

#include "base/subprocess.h"

namespace nemo::bench {

class Rig {
public:
  /// Empty when a rig can be made here; otherwise what is missing.
  static std::string lacks(const std::string &image);
  /// Leaves the host's network: for the rest of this process, which has one thread.
  explicit Rig(std::string image);
  ~Rig();
  Rig(const Rig &) = delete;

  struct Machine {
    Subprocess process;
    std::string control; ///< where its monitor listens, for one at a time
  };
  /// \param place  0 or 1. \param waits  for a machine to come in.
  Machine start(int place, bool waits, const std::string &words = "");

  /// Sends a datagram to the echo, waiting for nothing.
  void send();
  /// The counter of the next answer that is there; nullopt: none is.
  std::optional<uint64_t> receive();
  /// Asks until it is answered, at most twenty seconds.
  uint64_t ask();

private:
  std::string image_, directory_;
  int socket_ = -1;
  int count_ = 0;
};

} // namespace nemo::bench
