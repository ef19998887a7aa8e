// A lease lets one node run a stateful replica, for a few seconds, again and again. Granters and
// holder never compare clocks: the holder counts from when it sent its request, a granter from when
// it had it, which is later. Both count CLOCK_BOOTTIME, which goes on while a machine sleeps; each
// may run `drift` too fast or too slow, so the holder takes that much less, the granter that much
// more.
#pragma once

#include <cstdint>
#include <string>

#include "runtime-agent/core/loop.h"

namespace nemo::agent::lease {

inline constexpr size_t granters = 3;
inline constexpr Ticks usual_ms = 4'000;
inline constexpr Ticks longest_ms = 10'000;
inline constexpr Ticks shortest_ms = 1'000;
inline constexpr Ticks drift_ppm = 1'000;

/// Of a time by the own clock; at least a millisecond, as clocks are read in whole ones.
constexpr Ticks drift_of(Ticks time) { return (time * drift_ppm + 999'999) / 1'000'000 + 1; }

struct Request {
  std::string lease;
  std::string holder; ///< SPIFFE ID, as the connection has shown it
  uint64_t token = 0;
  Ticks duration = 0; ///< 0: it is given back
  std::string nonce;  ///< of this request; giving back, of the last request for time
};

} // namespace nemo::agent::lease
