// The optimiser over a day: one placement for all hours first, then one for each part of it, down
// to single hours, each with what its neighbours make moves and waking cost.
#pragma once

#include "bench/placement/continuum/accounting.h"
#include "compiler/placement/search/search.h"

namespace nemo::bench::continuum {

/// Each step minimises the cost of the whole day with the other hours as they are, so that no step
/// makes the day dearer.
/// \param start  for all of the day.
/// \param options  the effort is for the day.
/// \returns the placement of every hour; an error when nothing was found.
llvm::Expected<Plan> plan_day(Problem &problem, const World &world,
                              const std::vector<Day> &forecast, const Weights &weights,
                              const std::optional<optimiser::Solution> &start,
                              const optimiser::Options &options);

} // namespace nemo::bench::continuum
