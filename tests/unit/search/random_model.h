// Small random instances with every kind of term and rule, made around an assignment that keeps all
// of them.
#pragma once

#include <random>

#include "compiler/placement/model/model.h"

namespace nemo::optimiser::testing {

struct Instance {
  Model model;
  Solution planted; ///< feasible
};

struct Size {
  uint32_t nodes = 12, replicas = 60, resources = 3, groups = 10;
  int slack_percent = 30; ///< of room beyond what the planted assignment takes
  bool apart = true;      ///< with groups that are apart
  bool kinds = false;     ///< devices have memory, and are not alike to everybody
};

/// \returns an instance that `check` accepts and whose planted assignment `evaluate` accepts.
Instance random_instance(uint64_t seed, const Size &size = {});

} // namespace nemo::optimiser::testing
