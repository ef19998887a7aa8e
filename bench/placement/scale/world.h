// Made-up continuums of any size: devices, edge sites and cloud regions, with services under the
// rules that people write. The same for a given seed on every machine.
#pragma once

#include "compiler/placement/model/model.h"

namespace nemo::bench {

struct WorldSize {
  uint32_t nodes = 0, services = 0;
  uint32_t replicas_each = 10; ///< on average; 1 to twice as many
  uint64_t seed = 1;
};

enum class Rules {
  none,  ///< resources and prices only
  mixed, ///< anti-affinity, spread, residency, trust and nearness, as in a real set of services
  all, ///< mixed, and every kind of term: overload, balance, opening, absence, moves, node pairs by
       ///< site, the busiest group, devices, what moves in both places, nearness by reach
};

/// Every service is a shape of its own. With Rules::all up to a third of the replicas run already
/// (home), on nodes with room for them.
optimiser::Model make_world(const WorldSize &size, Rules rules);

} // namespace nemo::bench
