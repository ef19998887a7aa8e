#include "compiler/placement/search/soften.h"

#include <cmath>

#include "compiler/placement/search/construct.h"

namespace nemo::optimiser {

namespace {

/// As often as the temperature falls by an equal share, the price is multiplied.
constexpr int stages = 16;
constexpr Cost dearer = 2;
/// Of the budget; the rest is for whoever still has no room.
constexpr double softened = 31.0 / 32;

} // namespace

void anneal_softly(State &state, const Cooling &cooling, Cost loss, Random &random,
                   Budget &budget) {
  const Solution before = state.solution();
  Solution at = before;
  const double begin = budget.share(), end = begin + (1 - begin) * softened,
               cooler = std::pow(cooling.to / cooling.from, 1.0 / stages);
  Cooling now{cooling.from, cooling.from * cooler};
  Cost price = 1;
  for (int stage = 1; stage <= stages && budget.left(); ++stage) {
    const Tables tables(state.tables().model, Guides{loss, price});
    State far(tables);
    far.load(at);
    Budget part = budget.until(begin + (end - begin) * stage / stages);
    anneal(far, Arena::all(far), now, random, part, std::nullopt,
           stage == stages ? Leave::best : Leave::last);
    budget.join(part);
    at = far.solution();
    now = {now.to, now.to * cooler};
    price *= dearer;
  }
  if (!state.load(at) && !construct(state, random, budget))
    state.load(before);
}

} // namespace nemo::optimiser
