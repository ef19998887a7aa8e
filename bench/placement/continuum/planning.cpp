#include "bench/placement/continuum/planning.h"

#include <algorithm>

namespace nemo::bench::continuum {

namespace {

// Hours that one placement is kept for, and the share of the effort. The first decides most.
struct Level {
  uint32_t hours;
  double effort;
};
constexpr Level levels[] = {{24, 0.4}, {12, 0.15}, {6, 0.15}, {3, 0.15}, {1, 0.15}};

} // namespace

llvm::Expected<Plan> plan_day(Problem &problem, const World &world,
                              const std::vector<Day> &forecast, const Weights &weights,
                              const std::optional<optimiser::Solution> &start,
                              const optimiser::Options &options) {
  Plan plan;
  for (const Level &level : levels)
    for (uint32_t begin = 0; begin < hours_of_day; begin += level.hours) {
      const Hours hours{begin, begin + level.hours};
      set_demand(problem, world, hours);
      set_prices(problem, world, hours, forecast, weights,
                 {begin > 0 ? &plan[begin - 1] : nullptr,
                  hours.end < hours_of_day ? &plan[hours.end] : nullptr});
      if (auto error = optimiser::check(problem.model))
        return std::move(error);
      optimiser::Options part = options;
      if (options.effort)
        part.effort = static_cast<uint64_t>(static_cast<double>(*options.effort) * level.effort *
                                            level.hours / hours_of_day);
      auto solution =
          optimiser::solve(problem.model, plan.empty() ? start : std::optional(plan[begin]), part);
      if (!solution)
        return solution.takeError();
      if (plan.empty())
        plan.assign(hours_of_day, *solution);
      else
        std::fill(plan.begin() + hours.begin, plan.begin() + hours.end, *solution);
    }
  return plan;
}

} // namespace nemo::bench::continuum
