// The nodes: a sample of a production cluster's, spread over the sites, with what they draw.
#pragma once

#include <string>
#include <vector>

#include "bench/placement/continuum/sites.h"
#include "llvm/Support/Error.h"

namespace nemo::bench::continuum {

struct Node {
  uint32_t site = 0;
  int64_t cpu_milli = 0, memory_mib = 0;
  /// At the plug, cooling included: with no load, with full load, and while suspended.
  double idle_watts = 0, full_watts = 0, suspended_watts = 0;
  bool suspends = false;
};

struct FleetSize {
  uint32_t nodes = 0;
  uint32_t suspending_percent = 0; ///< of the nodes can be suspended and woken
  uint64_t seed = 1;
};

/// Seeded draws without replacement of the `openb` nodes, on the sites that have a zone.
llvm::Expected<std::vector<Node>> read_fleet(const Network &network, const FleetSize &size);

/// The family of processors that a node of this size and GPU most likely has, as the table of power
/// names it.
const char *architecture_of(const std::string &gpu_model, int64_t cpu_milli);

} // namespace nemo::bench::continuum
