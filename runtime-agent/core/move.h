// A live move as the agent sees it: what leaves for another node, and what comes from one. Copying
// the memory is somebody else's work (Mover), as this library reaches no other node. The agent
// keeps the words: at every moment its journal says whose the machine is.
//   here: leaving -> given -> ended           there: arriving -> live
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "protocol/peer.pb.h"

namespace nemo::agent {

/// One attempt; its id is never used again.
struct Move {
  std::string id;
  std::string node; ///< the other
  bool operator==(const Move &) const = default;
};

/// What carries moves out, each by its id.
struct Mover {
  struct Leave {
    std::string node;    ///< where it goes
    std::string control; ///< its monitor
    proto::MoveOffer offer;
  };
  std::function<void(const Leave &)> leave; ///< ends with Agent::left()
  std::function<void(const Leave &)> ask;   ///< what has become of it; ends with Agent::told()
  /// Makes it run: it runs nowhere else. Ends with Agent::resumed().
  std::function<void(const std::string &id, const std::string &control)> resume;
  /// As far as it was not given away or taken.
  std::function<void(const std::string &id, const std::string &why)> call_off;
};

/// How an attempt has ended where the machine was.
struct Left {
  enum class How { gone, kept, unknown };
  How how = How::kept;
  std::string why;
  bool began = false; ///< the other node was ready for it
  bool never = false; ///< the other node says that it cannot take it, and that asking is no use
  uint64_t bytes = 0;
  std::chrono::microseconds stood_still{0};
};

/// What a node says to an offer: who comes, or why not.
struct Reception {
  std::string control; ///< of a machine that waits for its memory; empty: it is refused
  std::string why;
  bool never = false; ///< not later either
};

enum class Arrival {
  runs,
  dropped, ///< it was never told to run
  lost,    ///< it was this node's, and ended before it ran
};

} // namespace nemo::agent
