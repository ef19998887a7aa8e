// A continuum and what is to run on it, as text: the input of bench-plan. The same for the same
// numbers, everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nemo::bench {

struct PlanWorld {
  struct File {
    std::string name, text;
  };
  std::string fleet;        ///< YAML
  std::vector<File> intent; ///< .nemo files of one directory
  uint64_t replicas = 0;
  size_t shapes = 0; ///< different combinations of demand, rules and ports
};

/// \param workloads  in applications of five: gateway, api, store, cache, worker.
PlanWorld make_plan_world(unsigned workloads, unsigned nodes, uint32_t seed);

} // namespace nemo::bench
