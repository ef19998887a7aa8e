#include <catch2/catch.hpp>

#include <algorithm>

#include "compiler/placement/search/anneal.h"
#include "compiler/placement/search/descend.h"
#include "random_model.h"

using namespace nemo::optimiser;
using nemo::optimiser::testing::Instance;
using nemo::optimiser::testing::random_instance;

TEST_CASE("All replicas are ranked by weight, each once") {
  const Instance instance = random_instance(3);
  const Tables tables(instance.model);
  State state(tables);
  REQUIRE(state.load(instance.planted));
  const Arena arena = Arena::all(state);
  REQUIRE(arena.replicas.size() == tables.replicas);
  REQUIRE(arena.rank.size() == tables.replicas);
  for (uint32_t replica = 0; replica < tables.replicas; ++replica)
    CHECK(arena.replicas[arena.rank[replica]] == replica);
  CHECK(std::is_sorted(arena.replicas.begin(), arena.replicas.end(), [&](uint32_t a, uint32_t b) {
    return weight(tables, a) > weight(tables, b);
  }));
}

TEST_CASE("Annealing leaves the best it saw, and the judge agrees on it") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Instance instance = random_instance(seed);
    const Tables tables(instance.model);
    State state(tables);
    REQUIRE(state.load(instance.planted));
    const Cost before = state.cost();
    Options options;
    options.effort = 50'000;
    Budget budget(options, Budget::Clock::now());
    Random random(seed);
    anneal(state, Arena::all(state), {1e6, 1}, random, budget);
    CHECK(state.cost() <= before);
    const Evaluation judged = evaluate(instance.model, state.solution());
    CHECK(judged.feasible());
    CHECK(judged.total() == state.cost());
  }
}

TEST_CASE("Temperatures come from what replicas weigh, where overload is most of the cost") {
  Model model;
  model.nodes = 2;
  model.resources = {{false, 1000}};
  model.capacity = {100, 100};
  model.safety = {5, 5};
  model.shapes = {{{10}}, {{30}}};
  for (uint32_t shape : {0u, 1u}) {
    model.replicas.emplace_back();
    model.replicas.back().shape = shape;
  }
  Solution together;
  together.node_of = {0, 0};
  auto temperatures = [&] {
    REQUIRE(!check(model));
    const Tables tables(model);
    State state(tables);
    REQUIRE(state.load(together));
    return melting(state);
  };
  const auto heavy = temperatures();
  REQUIRE(heavy);
  CHECK(heavy->from == 80'000); // four times the mean of 10 and 30 units at 1,000
  CHECK(heavy->heavy < heavy->from);
  CHECK(heavy->to < heavy->heavy);

  model.open_price = {1'000'000, 1'000'000}; // 35,000 of overload do not matter beside this
  CHECK_FALSE(temperatures());
}
