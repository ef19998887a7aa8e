// What a placement came to on a day, with the intensity that was realised; and how far its calls
// travel.
#pragma once

#include "bench/placement/continuum/forecast.h"
#include "bench/placement/continuum/problem.h"

namespace nemo::bench::continuum {

/// Where everything is in each hour of a day.
using Plan = std::vector<optimiser::Solution>;

struct Account {
  double kwh = 0, grams = 0;
  /// Of the grams: what no placement changes (nodes that cannot be suspended, and sleep); being
  /// awake; load; waking; moving.
  double always = 0, idle = 0, load = 0, waking = 0, moving = 0;
  double awake = 0; ///< nodes that host something, or cannot be suspended; mean of the hours
  double moves = 0;
};

/// Every node draws, all day: idle power and its share of the rest by its load if it is awake; else
/// what it draws asleep. Who was asleep in the hour before, or before the day, is woken; who is
/// elsewhere than in the hour before was moved.
/// \param by_site  gCO2e/kWh by hour: forecast, or realised.
Account settle(const World &world, const Problem &problem, const Plan &plan,
               const std::vector<Day> &by_site);

struct Delays {
  double mean_access_ms = 0;     ///< users to frontends, one way
  double p50_ms = 0, p99_ms = 0; ///< of the applications' slowest chain of calls
  uint32_t over_limit = 0;       ///< applications
};

/// One way; every copy may be called by every copy of a caller, and the slowest counts.
Delays delays_of(const World &world, const Problem &problem, const optimiser::Solution &solution);

} // namespace nemo::bench::continuum
