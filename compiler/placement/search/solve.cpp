#include <algorithm>

#include "compiler/placement/search/close.h"
#include "compiler/placement/search/construct.h"
#include "compiler/placement/search/fill.h"
#include "compiler/placement/search/search.h"

namespace nemo::optimiser {

char NothingFound::ID = 0;

llvm::Expected<Solution> solve(const Model &model, const std::optional<Solution> &start,
                               const Options &options) {
  const auto begin = Budget::Clock::now();
  Budget budget(options, begin);
  const Tables tables(model);
  State state(tables);
  Random random(options.seed);
  if (start)
    state.load(*start);
  else if (opening_costs(tables))
    fill(state, budget);
  if (state.broken() > 0 && !construct(state, random, budget)) {
    for (uint32_t replica = 0; replica < tables.replicas; ++replica)
      if (state.node_of(replica) == nowhere)
        return llvm::make_error<NothingFound>(replica);
    return llvm::make_error<NothingFound>(0);
  }
  auto improved = [&] {
    if (options.on_improvement)
      options.on_improvement({Budget::Clock::now() - begin, budget.ticks(), state.cost()});
  };
  improved();
  if (opening_costs(tables))
    close_nodes(state, random, budget, options.enough, improved);
  Solution out = state.solution();
  out.cost = evaluate(model, out).total();
  return out;
}

} // namespace nemo::optimiser
