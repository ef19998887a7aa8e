// The process that carries an agent's streams to other nodes: it listens, dials, and pumps bytes
// between TLS connections and Unix sockets. Who is not known yet gets little: few connections, a
// few seconds, no memory to speak of.
#pragma once

#include "protocol/membership/member.h"
#include "runtime-agent/core/loop.h"

namespace nemo::agent::peer {

struct PorterLimits {
  size_t lines = 256;         ///< connections in all
  size_t of_peer = 16;        ///< of one node, in either direction
  size_t strangers = 32;      ///< whose certificate has not been seen yet
  size_t of_source = 8;       ///< of these, from one address
  Ticks introduction = 3'000; ///< until a caller has shown its certificate and said what it wants
  Ticks dialling = 4'500;     ///< until who is called has taken the stream
  Ticks look_again = 10'000;  ///< whether certificates of open streams are still good
  Ticks idle = 0;             ///< without a connection, until it says so
};

/// In the child; returns when the agent is gone. \param mail  with the agent. \param listener
/// non-blocking.
int carry_streams(const membership::Member &member, Fd mail, Fd listener,
                  const PorterLimits &limits);

} // namespace nemo::agent::peer
