// Parts of a placement taken out and put back: nothing is broken by it, and what belongs together
// moves together.
#include <catch2/catch.hpp>

#include "compiler/placement/search/rebuild.h"
#include "random_model.h"

using namespace nemo::optimiser;
using nemo::optimiser::testing::Instance;
using nemo::optimiser::testing::random_instance;

namespace {

Solution rebuilt(const Model &model, const Solution &start, double tolerance, uint64_t seed,
                 uint64_t ticks) {
  const Tables tables(model);
  State state(tables);
  REQUIRE(state.load(start));
  REQUIRE(state.broken() == 0);
  Random random(seed);
  Options options;
  options.effort = ticks;
  Budget budget(options, Budget::Clock::now());
  rebuild(state, tolerance, random, budget);
  CHECK(budget.ticks() < ticks + 100'000);
  CHECK(state.broken() == 0);
  return state.solution();
}

} // namespace

TEST_CASE("Rebuilding breaks no rule and never costs more") {
  int cheaper = 0;
  for (uint64_t seed = 1; seed <= 24; ++seed) {
    const Instance instance = random_instance(seed);
    const Solution after =
        rebuilt(instance.model, instance.planted, seed % 2 ? 0 : 0.01, seed, 300'000);
    const Evaluation judged = evaluate(instance.model, after);
    INFO("seed " << seed << ": " << (judged.feasible() ? "" : judged.violations.front()));
    REQUIRE(judged.feasible());
    REQUIRE(judged.total() == after.cost);
    const Cost before = evaluate(instance.model, instance.planted).total();
    REQUIRE(after.cost <= before);
    cheaper += after.cost < before;
  }
  CHECK(cheaper > 12);
}

TEST_CASE("The same seed and effort rebuild the same") {
  const Instance instance = random_instance(3);
  const Solution one = rebuilt(instance.model, instance.planted, 0.001, 7, 200'000),
                 other = rebuilt(instance.model, instance.planted, 0.001, 7, 200'000);
  CHECK(one.node_of == other.node_of);
  CHECK(one.devices_of == other.devices_of);
}

TEST_CASE("A store and who calls it move to the cheap site together") {
  // Two sites of two nodes. Neither may leave the other, and the caller's copies not share a node.
  Model model;
  model.nodes = 4;
  model.resources.resize(1);
  model.capacity = model.safety = {10, 10, 10, 10};
  model.open_price = {50, 50, 10, 10};
  model.families = {{{0, 1, 2, 3}, 4}, {{0, 0, 1, 1}, 2}};
  model.groups = 2;
  model.shapes.resize(1);
  model.shapes[0].demand = {4};
  model.replicas.resize(3);
  model.replicas[0].groups = model.replicas[1].groups = {0};
  model.replicas[2].groups = {1};
  model.limits = {{0, 0, 1}};
  Near store;
  store.group = 1;
  store.to = 0;
  store.family = 1;
  Near caller = store;
  std::swap(caller.group, caller.to);
  model.nears = {store, caller};
  REQUIRE(llvm::toString(check(model)) == "");
  Solution dear;
  dear.node_of = {0, 1, 0};
  CHECK(evaluate(model, dear).total() == 100);
  CHECK(rebuilt(model, dear, 0, 1, 20'000).cost == 20);
}
