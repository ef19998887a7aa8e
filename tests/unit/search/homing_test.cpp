#include <catch2/catch.hpp>

#include "compiler/placement/search/homing.h"
#include "random_model.h"
#include "ticks.h"

using namespace nemo::optimiser;
using nemo::optimiser::testing::Instance;
using nemo::optimiser::testing::random_instance;
using nemo::optimiser::testing::ticks;

TEST_CASE("Homing leaves the best it saw, and the judge agrees on it") {
  int cheaper = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Instance instance = random_instance(seed);
    const Tables tables(instance.model);
    State state(tables);
    REQUIRE(state.load(instance.planted));
    const Cost before = state.cost();
    Budget budget = ticks(50'000);
    Random random(seed);
    bring_home(state, 1000, random, budget);
    CHECK(state.cost() <= before);
    cheaper += state.cost() < before;
    const Evaluation judged = evaluate(instance.model, state.solution());
    CHECK(judged.feasible());
    CHECK(judged.total() == state.cost());
  }
  CHECK(cheaper >= 15);
}

TEST_CASE("Moves that save nothing are taken back, the others stay") {
  // Forty at home on the first of four nodes, of which ten are more than its safety; all are away.
  Model model;
  model.nodes = 4;
  model.resources = {{false, 1000}};
  model.capacity = {100, 100, 100, 100};
  model.safety = {30, 30, 30, 30};
  model.shapes = {{{1}}};
  Solution away;
  for (uint32_t replica = 0; replica < 40; ++replica) {
    model.replicas.emplace_back();
    model.replicas.back().shape = 0;
    model.replicas.back().home = 0;
    model.replicas.back().move_price = 5;
    away.node_of.push_back(1 + replica % 3);
  }
  REQUIRE(!check(model));
  const Tables tables(model);
  State state(tables);
  REQUIRE(state.load(away));
  REQUIRE(state.cost() == 40 * 5);
  Budget budget = ticks(200'000);
  Random random(1);
  bring_home(state, 0, random, budget);
  CHECK(state.cost() == 10 * 5);
  CHECK(state.hosted(0).size() == 30);
}
