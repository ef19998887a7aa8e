// What a placement came to on a day, with the intensity that was realised; and how far its calls
// travel.
#pragma once

#include "bench/placement/continuum/forecast.h"
#include "bench/placement/continuum/problem.h"

namespace nemo::bench::continuum {

struct Account {
  double kwh = 0, grams = 0;
  double awake = 0; ///< nodes that host something, or cannot be suspended
};

/// Every node draws, all day: idle power and its share of the rest by its load if it is awake; else
/// what it draws asleep. Who can be suspended and is awake was woken once.
/// \param realised  by site, gCO2e/kWh.
Account settle(const World &world, const Problem &problem, const optimiser::Solution &solution,
               const std::vector<Day> &realised);

struct Delays {
  double mean_access_ms = 0;     ///< users to frontends, one way
  double p50_ms = 0, p99_ms = 0; ///< of the applications' slowest chain of calls
  uint32_t over_limit = 0;       ///< applications
};

/// One way; every copy may be called by every copy of a caller, and the slowest counts.
Delays delays_of(const World &world, const Problem &problem, const optimiser::Solution &solution);

} // namespace nemo::bench::continuum
