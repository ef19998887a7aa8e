#include "compiler/placement/search/soften.h"

#include <cmath>
#include <optional>

#include "compiler/placement/search/construct.h"

namespace nemo::optimiser {

namespace {

/// Whenever the temperature has fallen by an equal share, the price is doubled. Where the
/// heaviest freeze, and so most of what the placement will cost, is settled in the hot stages.
constexpr int stages = 16, hot_stages = 8;
/// As often as so many ticks for each replica fit into this share of the budget, the hot stages are
/// begun anew; the best goes on.
constexpr uint64_t hot_ticks = 100'000;
constexpr double hot = 0.55;
/// Of the budget; the rest is for whoever still has no room.
constexpr double softened = 31.0 / 32;

class Softening {
public:
  Softening(const Model &model, const Cooling &cooling, Random &random)
      : model_(model), cooling_(cooling), random_(random),
        cooler_(std::pow(cooling.to / cooling.from, 1.0 / stages)) {}

  /// \returns where it is after these stages, at a cost that includes what is exceeded.
  Solution run(int first, int end, Solution at, Budget &budget) const {
    for (int stage = first; stage < end && budget.left(); ++stage) {
      const Tables tables(model_, Cost{1} << stage);
      State far(tables);
      far.load(at);
      Budget part = budget.until(static_cast<double>(stage + 1 - first) / (end - first));
      const double from = cooling_.from * std::pow(cooler_, stage);
      anneal(far, Arena::all(far), {from, from * cooler_, cooling_.heavy}, random_, part,
             std::nullopt, stage + 1 == stages ? Leave::best : Leave::last);
      budget.join(part);
      at = far.solution();
    }
    return at;
  }

private:
  const Model &model_;
  const Cooling cooling_;
  Random &random_;
  const double cooler_;
};

} // namespace

void anneal_softly(State &state, const Cooling &cooling, Begin begin, Random &random,
                   Budget &budget) {
  const Solution before = state.solution();
  const Softening softening(state.tables().model, cooling, random);
  std::optional<Solution> best;
  Budget begun = budget.until(hot);
  while (begun.left()) {
    Budget once = begun.part(
        begin == Begin::once ? UINT64_MAX : hot_ticks * std::max(1u, state.tables().replicas));
    Solution one = softening.run(0, hot_stages, before, once);
    begun.join(once);
    // What the clock ended has not become what its cost seems to promise.
    if (!best || (!once.cut() && one.cost < best->cost))
      best = std::move(one);
  }
  budget.join(begun);
  if (!best)
    return;
  Budget rest = budget.until(softened);
  const Solution cold = softening.run(hot_stages, stages, *best, rest);
  budget.join(rest);
  if (!state.load(cold) && !construct(state, random, budget))
    state.load(before);
}

} // namespace nemo::optimiser
