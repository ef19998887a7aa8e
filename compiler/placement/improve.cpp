// What the optimiser makes of it. A replica that runs pays a toll for leaving its node, so small
// savings do not make services wander; the toll is the hysteresis.
#include <algorithm>

#include "compiler/placement/general.h"
#include "compiler/placement/search/search.h"
#include "compiler/placement/state.h"

namespace nemo::placement {

namespace {

constexpr uint64_t least_ticks = 20'000;

struct Solved {
  General whole;
  optimiser::Solution solution;
};

/// None where amounts are beyond the optimiser's tables, or it finds nothing.
/// \param placed  begin with the state's placement.
std::optional<Solved> solve(const State &state, bool placed, const Budget &budget, int64_t bound) {
  General whole = general(state);
  const optimiser::Model &model = whole.model;
  std::optional<optimiser::Solution> start;
  if (placed)
    start = whole.start(state);
  if (llvm::Error error = optimiser::check(model)) {
    llvm::consumeError(std::move(error));
    return std::nullopt;
  }
  optimiser::Options options;
  options.seed = budget.seed;
  options.threads = budget.threads;
  if (budget.effort != UINT64_MAX) // else the clock ends it
    options.effort = static_cast<uint64_t>(std::clamp<__int128>(
        static_cast<__int128>(budget.effort) * model.replicas.size(), least_ticks, INT64_MAX));
  if (budget.watch.time_limit) {
    const std::chrono::duration<double, std::nano> left =
        *budget.watch.time_limit - (std::chrono::steady_clock::now() - budget.begin);
    options.time_limit =
        std::chrono::nanoseconds(static_cast<int64_t>(std::max(left.count(), 0.0) * budget.share));
  }
  options.stop = budget.watch.stop;
  if (budget.watch.better)
    options.on_improvement = [&](const optimiser::Progress &progress) {
      budget.watch.better({progress.elapsed, whole.value(progress.cost), bound, true});
    };
  // With everybody at its cheapest the cost is 0.
  bound = std::max(bound, whole.base);
  options.enough = (bound - whole.base) >> whole.halvings;
  auto found = optimiser::solve(model, start, options);
  if (!found) {
    llvm::consumeError(found.takeError());
    return std::nullopt;
  }
  return Solved{std::move(whole), std::move(*found)};
}

} // namespace

bool improve(State &state, const Budget &budget, int64_t bound) {
  if (budget.effort == 0 && state.problem().bonds.empty())
    return false;
  const std::optional<Solved> found = solve(state, /*placed=*/true, budget, bound);
  const bool cut = budget.watch.time_limit || (budget.watch.stop && *budget.watch.stop);
  if (!found)
    return cut;
  const optimiser::Solution &best = found->solution;
  std::vector<size_t> moved;
  for (size_t r = 0; r < state.problem().replicas.size(); ++r)
    if (NodeId(best.node_of[r]) != state.node_of(r) ||
        (!state.devices().empty() && state.devices()[r] != found->whole.devices_of(best, r)))
      moved.push_back(r);
  for (size_t r : moved)
    state.lift(r);
  for (size_t r : moved)
    state.put(r, best.node_of[r], found->whole.devices_of(best, r));
  return cut;
}

bool repair(State &state, const Budget &budget) {
  if (budget.effort == 0)
    return false;
  Budget last = budget; // there is nothing else to try
  if (budget.effort < UINT64_MAX / 10)
    last.effort *= 10;
  const std::optional<Solved> found = solve(state, /*placed=*/false, last, INT64_MAX);
  if (!found)
    return false;
  for (size_t r = 0; r < state.problem().replicas.size(); ++r)
    state.put(r, found->solution.node_of[r], found->whole.devices_of(found->solution, r));
  return true;
}

} // namespace nemo::placement
