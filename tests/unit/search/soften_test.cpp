#include <catch2/catch.hpp>

#include "compiler/placement/search/soften.h"
#include "random_model.h"
#include "ticks.h"

using namespace nemo::optimiser;
using nemo::optimiser::testing::Instance;
using nemo::optimiser::testing::random_instance;
using nemo::optimiser::testing::ticks;

TEST_CASE("Capacities hold again when they were exceeded meanwhile, and the judge agrees") {
  int cheaper = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Instance instance = random_instance(seed);
    const Tables tables(instance.model);
    State state(tables);
    REQUIRE(state.load(instance.planted));
    const Cost before = state.cost();
    Budget budget = ticks(50'000);
    Random random(seed);
    anneal_softly(state, {1e5, 1}, seed % 2 ? Begin::once : Begin::often, random, budget);
    const Evaluation judged = evaluate(instance.model, state.solution());
    CHECK(judged.feasible());
    CHECK(judged.total() == state.cost());
    cheaper += state.cost() < before;
  }
  CHECK(cheaper >= 10);
}

TEST_CASE("Three who have to change places at once do, where no two of them can") {
  // Each node has room for one, and lacks what one of the three needs.
  Model model;
  model.nodes = 3;
  model.resources.resize(4);
  model.capacity = {1, 1, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1};
  model.safety = model.capacity;
  model.shapes = {{{1, 1, 0, 0}}, {{1, 0, 1, 0}}, {{1, 0, 0, 1}}};
  model.prices = {{100, 0, 0}, {0, 100, 0}, {0, 0, 100}};
  model.replicas.resize(3);
  for (uint32_t one = 0; one < 3; ++one) {
    model.shapes[one].prices = one;
    model.replicas[one].shape = one;
  }
  REQUIRE(!check(model));
  const Tables tables(model);
  Solution start;
  start.node_of = {0, 1, 2};
  Random random(1);
  // The larger budget is enough to begin three times.
  for (const auto &[begin, effort] :
       {std::pair{Begin::once, 100'000}, {Begin::often, 100'000}, {Begin::often, 2'000'000}}) {
    State state(tables);
    REQUIRE(state.load(start));
    REQUIRE(state.cost() == 300);
    Budget stuck = ticks(100'000);
    anneal(state, Arena::all(state), {1000, 0.01}, random, stuck);
    CHECK(state.cost() == 300);
    Budget budget = ticks(static_cast<uint64_t>(effort));
    anneal_softly(state, {1000, 0.01}, begin, random, budget);
    CHECK(state.cost() == 0);
    CHECK(state.solution().node_of == std::vector<uint32_t>{1, 2, 0});
  }
}

TEST_CASE("What is above a capacity costs as much more, also of what is held at home") {
  Model model;
  model.nodes = 2;
  model.resources = {{true, 3}};
  model.capacity = {10, 10};
  model.safety = {8, 8};
  model.shapes = {{{8}}};
  model.replicas.resize(2);
  for (uint32_t replica = 0; replica < 2; ++replica)
    model.replicas[replica].home = replica;
  REQUIRE(!check(model));
  const Tables hard(model), soft(model, 5);
  State kept(hard), exceeded(soft);
  Solution home;
  home.node_of = {0, 1};
  REQUIRE(kept.load(home));
  REQUIRE(exceeded.load(home));
  CHECK(kept.cost() == 0);
  CHECK(exceeded.cost() == 0);
  CHECK_FALSE(kept.room(0, 1));
  REQUIRE(exceeded.room(0, 1));
  exceeded.shift(0, 1); // 16 on the second: 8 above safety, 6 above capacity
  CHECK(exceeded.cost() == 8 * 3 + 6 * 5 * 3);
  exceeded.shift(1, 0); // 8 and 8 held on each
  CHECK(exceeded.cost() == 2 * 6 * 5 * 3);
}
