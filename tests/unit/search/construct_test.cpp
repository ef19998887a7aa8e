#include <catch2/catch.hpp>

#include "compiler/placement/search/construct.h"
#include "random_model.h"

using namespace nemo::optimiser;
using nemo::optimiser::testing::Instance;
using nemo::optimiser::testing::random_instance;
using nemo::optimiser::testing::Size;

TEST_CASE("From nothing, a first placement is found that the judge accepts") {
  const auto [apart, expected] = GENERATE(table<bool, int>({{false, 35}, {true, 33}}));
  int found = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Size size;
    size.apart = apart;
    size.slack_percent = 200;
    const Instance instance = random_instance(seed, size);
    const Tables tables(instance.model);
    State state(tables);
    Random random(seed);
    Options options;
    options.effort = 3'000'000;
    Budget budget(options, Budget::Clock::now());
    if (!construct(state, random, budget))
      continue;
    ++found;
    const Evaluation judged = evaluate(instance.model, state.solution());
    INFO((judged.feasible() ? "" : judged.violations.front()));
    REQUIRE(judged.feasible());
    REQUIRE(judged.total() == state.cost());
  }
  INFO(found << " of 40");
  CHECK(found >= expected);
}

TEST_CASE("A replica that fits no node ends the construction at once") {
  Instance instance = random_instance(3);
  instance.model.shapes[instance.model.replicas[0].shape].demand[0] = 1'000'000;
  instance.model.replicas[0].absence_price = must_be_placed;
  const Tables tables(instance.model);
  State state(tables);
  Random random(1);
  Options options;
  options.effort = uint64_t{1} << 50;
  Budget budget(options, Budget::Clock::now());
  CHECK_FALSE(construct(state, random, budget));
  CHECK(budget.ticks() < 100'000'000);
}
