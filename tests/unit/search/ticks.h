#pragma once

#include "compiler/placement/search/budget.h"

namespace nemo::optimiser::testing {

/// A budget of effort alone.
inline Budget ticks(uint64_t count) {
  Options options;
  options.effort = count;
  return {options, Budget::Clock::now()};
}

} // namespace nemo::optimiser::testing
