// Losses, against an oracle that tries every placement and, for every loss, every way to place what
// it takes.
#include <algorithm>
#include <functional>
#include <random>

#include <catch2/catch.hpp>

#include "compiler/placement/survive.h"
#include "oracle.h"

using namespace nemo;
using namespace nemo::placement;
using namespace nemo::test;

namespace {

/// Whether everybody who is to survive the loss finds room, whatever the order.
bool survives(const Problem &problem, const std::vector<int> &at, const Loss &loss) {
  Oracle oracle{problem, nullptr, nullptr, at};
  auto gone = [&](int node) {
    return node >= 0 && (loss.site ? problem.domain[2][static_cast<size_t>(node)] == loss.at
                                   : static_cast<uint32_t>(node) == loss.at);
  };
  std::vector<size_t> lost;
  for (size_t r = 0; r < at.size(); ++r)
    if (gone(at[r])) {
      oracle.at[r] = -1;
      const Survive survive = problem.needs[problem.replicas[r].need].survive;
      if (survive == Survive::site || (survive == Survive::node && !loss.site))
        lost.push_back(r);
    }
  std::function<bool(size_t)> place = [&](size_t i) {
    if (i == lost.size())
      return true;
    for (int node = 0; node < static_cast<int>(problem.nodes); ++node) {
      oracle.at[lost[i]] = node;
      if (!gone(node) && oracle.legal() && place(i + 1))
        return true;
    }
    oracle.at[lost[i]] = -1;
    return false;
  };
  return place(0);
}

bool survives(const Problem &problem, const std::vector<int> &at) {
  for (uint32_t node = 0; node < problem.nodes; ++node)
    if (!survives(problem, at, {false, node}) || !survives(problem, at, {true, node / 2}))
      return false;
  return true;
}

Problem random_losses(uint32_t seed) {
  Problem problem = random_problem(seed);
  std::mt19937 random(seed);
  for (Need &need : problem.needs)
    need.survive = static_cast<Survive>(random() % 3);
  for (Replica &replica : problem.replicas)
    replica.pinned.reset();
  return problem;
}

} // namespace

TEST_CASE("what a placement is to survive it survives, and few that exist are missed") {
  int possible = 0, found = 0, refused = 0;
  for (uint32_t seed = 1; seed <= 2500; ++seed) {
    INFO("seed " << seed);
    Problem problem = random_losses(seed);
    Oracle oracle{problem, nullptr, nullptr, std::vector<int>(problem.replicas.size(), 0)};
    bool exists = false;
    while (!exists) {
      exists = oracle.legal() && survives(problem, oracle.at);
      size_t r = 0;
      while (r < oracle.at.size() && ++oracle.at[r] == static_cast<int>(problem.nodes))
        oracle.at[r++] = 0;
      if (r == oracle.at.size())
        break;
    }
    const auto rooms = problem.room;
    auto result = place_surviving(problem, {}, {}, false);
    REQUIRE(problem.room == rooms);
    possible += exists;
    if (!result) {
      llvm::handleAllErrors(
          result.takeError(), [&](const NotSurvived &) { ++refused; },
          [&](const Infeasible &) { REQUIRE_FALSE(exists); }, [](const NotFound &) {});
      continue;
    }
    ++found;
    REQUIRE(exists);
    for (size_t r = 0; r < oracle.at.size(); ++r)
      oracle.at[r] = static_cast<int>(index(result->node_of_replica[r]));
    REQUIRE(oracle.legal());
    REQUIRE(survives(problem, oracle.at));
  }
  INFO(found << " found of " << possible << " that exist; " << refused << " refused");
  CHECK(refused > 200);
  CHECK(found >= possible * 9 / 10);
}

TEST_CASE("room is held back for what a loss takes") {
  // Two nodes of 10: the one of 6 may be lost with its node, so the others share that node with it.
  Problem problem = alike(3, 10);
  problem.room[0][2] = 5; // too small for it
  add(problem, 6, 1);
  add(problem, 2, 4);
  problem.needs[0].survive = Survive::node;
  auto result = place_surviving(problem, {}, {}, false);
  REQUIRE(bool(result));
  const size_t own = index(result->node_of_replica[0]);
  REQUIRE(own < 2);
  int64_t other = 0;
  for (size_t r = 1; r < 5; ++r)
    other += index(result->node_of_replica[r]) == 1 - own ? 2 : 0;
  CHECK(other <= 4);
}
