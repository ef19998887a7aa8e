// Demand that differs by hour, against the oracle: every part of the day is a resource of its own.
#include <random>
#include <utility>

#include <catch2/catch.hpp>

#include "oracle.h"

using namespace nemo;
using namespace nemo::placement;
using namespace nemo::test;

namespace {

/// A random problem whose day has two or three parts.
Problem by_hour(uint32_t seed) {
  Problem problem = random_problem(seed);
  std::mt19937 random(seed);
  problem.parts = {{6, 18}, {18, 30}};
  if (seed % 2 == 0)
    problem.parts = {{6, 12}, {12, 18}, {18, 30}};
  for (size_t part = 1; part < problem.parts.size(); ++part)
    for (size_t kind : {0, 1}) {
      problem.room.push_back(problem.room[kind]);
      for (Need &need : problem.needs) {
        need.demand.push_back(random() % 2 == 0 ? 0 : static_cast<int64_t>(random() % 5));
        if (part == 1 && random() % 3 == 0) // its peak is at another time
          need.demand.back() = std::exchange(need.demand[kind], 0);
      }
    }
  return problem;
}

} // namespace

TEST_CASE("room at every part of the day is what an exhaustive oracle says it is") {
  int infeasible = 0, placed = 0, only_together = 0;
  for (uint32_t seed = 1; seed <= 3000; ++seed) {
    INFO("seed " << seed);
    const Problem problem = by_hour(seed);
    Oracle oracle{problem, nullptr, nullptr, {}};
    const bool possible = oracle.feasible();
    auto result = place(problem, {});
    if (result) {
      ++placed;
      REQUIRE(possible);
      for (size_t r = 0; r < problem.replicas.size(); ++r)
        oracle.at[r] = static_cast<int>(index(result->node_of_replica[r]));
      REQUIRE(oracle.legal());
      // Would there be room for everybody's largest amounts at once?
      Problem peaks = problem;
      for (Need &need : peaks.needs)
        for (size_t resource = resource_count; resource < peaks.room.size(); ++resource)
          need.demand[kind_of(problem, resource)] =
              std::max(need.demand[kind_of(problem, resource)], need.demand[resource]);
      Oracle strict{peaks, nullptr, nullptr, {}};
      only_together += !strict.feasible();
      continue;
    }
    llvm::handleAllErrors(
        result.takeError(),
        [&](const Infeasible &conflict) {
          ++infeasible;
          REQUIRE_FALSE(possible);
          REQUIRE(conflict.irreducible);
        },
        [&](const NotFound &) { FAIL("small instances are always decided"); });
  }
  CHECK(infeasible > 150);
  CHECK(placed > 150);
  CHECK(only_together > 20); // peaks that do not meet share room
}
