// Placement, against the oracle on small random instances, and on instances made to show one thing.
#include <algorithm>
#include <map>
#include <random>

#include <catch2/catch.hpp>

#include "compiler/placement/bonds.h"
#include "compiler/placement/build_bonds.h"
#include "compiler/placement/prove.h"
#include "compiler/placement/scarcity.h"
#include "oracle.h"

using namespace nemo;
using namespace nemo::placement;
using namespace nemo::test;

TEST_CASE("placement agrees with an exhaustive oracle") {
  const bool bonded = GENERATE(false, true);
  int infeasible = 0, placed = 0, affinities = 0;
  for (uint32_t seed = 1; seed <= 3000; ++seed) {
    INFO("seed " << seed);
    Problem problem = random_problem(seed);
    if (bonded && problem.needs.size() > 1)
      add_bonds(problem, seed);
    auto result = place(problem, {});
    Oracle oracle{problem, nullptr, nullptr, {}};
    const bool possible = oracle.feasible();
    if (result) {
      ++placed;
      REQUIRE(possible);
      for (size_t r = 0; r < problem.replicas.size(); ++r)
        oracle.at[r] = static_cast<int>(index(result->node_of_replica[r]));
      REQUIRE((oracle.legal() && oracle.keeps_bonds()));
      // The same again: nothing depends on anything but the problem.
      auto again = place(problem, {});
      REQUIRE(bool(again));
      REQUIRE(again->node_of_replica == result->node_of_replica);
      continue;
    }
    llvm::handleAllErrors(
        result.takeError(),
        [&](const Infeasible &conflict) {
          ++infeasible;
          REQUIRE_FALSE(possible);
          REQUIRE(conflict.irreducible);
          const std::set<uint32_t> who(conflict.needs.begin(), conflict.needs.end());
          std::set<Key> kept;
          for (const Infeasible::Member &member : conflict.members)
            kept.insert(key(member.restriction));
          Oracle together{problem, &kept, &who, {}};
          REQUIRE_FALSE(together.feasible());
          for (const Infeasible::Member &member : conflict.members) {
            affinities += member.restriction.kind() == stages::Restriction::AFFINITY;
            std::set<Key> rest = kept;
            rest.erase(key(member.restriction));
            Oracle without{problem, &rest, &who, {}};
            REQUIRE(without.feasible());
          }
        },
        [&](const NotFound &) { FAIL("small instances are always decided"); });
  }
  // Both kinds have to be common, or this test would say little.
  CHECK(infeasible > 300);
  CHECK(placed > 300);
  CHECK((affinities > 100) == bonded);
}

TEST_CASE("placements cost what is least, and no bound is above that") {
  const bool bonded = GENERATE(false, true), asleep = GENERATE(false, true);
  // What nodes cost awake is worth a fifth of them: pricing it takes thirty times as long.
  const uint32_t seeds = asleep ? 300 : 1500;
  uint32_t placed = 0, least = 0, tight = 0, far = 0;
  for (uint32_t seed = 1; seed <= seeds; ++seed) {
    INFO("seed " << seed);
    Problem problem = random_problem(seed);
    if (bonded && problem.needs.size() > 1) {
      add_bonds(problem, seed);
      mark_far(problem, [&](uint32_t need) -> std::optional<NodeBits> {
        for (const Bystander &bystander : problem.bystanders)
          if (bystander.need == need)
            return std::nullopt;
        return State(problem).allowed(need);
      });
    }
    for (const Need &need : problem.needs)
      far += need.far != UINT32_MAX && problem.sets[need.far].any();
    for (Replica &replica : problem.replicas) // what leaving costs is no part of the objective
      replica.home = nowhere;
    for (size_t node = 0; asleep && node < problem.nodes; ++node)
      problem.awake.push_back(seed % 3 == node % 3 ? 0 : (seed * 7 + node * 5) % 40 * 1'000'000);
    const std::optional<int64_t> optimum = Oracle{problem, nullptr, nullptr, {}}.optimum();
    if (!optimum)
      continue;
    auto result = place(problem, {});
    REQUIRE(bool(result));
    ++placed;
    int64_t cost = 0;
    State state(problem);
    for (size_t r = 0; r < problem.replicas.size(); ++r) {
      const size_t node = index(result->node_of_replica[r]);
      cost += placement::cost(problem, problem.needs[problem.replicas[r].need], node);
      state.put(r, node);
    }
    cost += awake(problem, hosts(*result));
    REQUIRE(cost >= *optimum);
    least += cost == *optimum;
    const Scarcity scarce = scarcity(state, 100'000);
    REQUIRE(scarce.bound <= *optimum + 1); // a millionth of what is printed
    tight += scarce.bound >= *optimum - *optimum / 100;
    for (const Scarce &room : scarce.rooms)
      REQUIRE((room.price > 0 && room.price <= most_scarcity));

    Terms terms;
    terms.own = [&](size_t need, size_t node) {
      return std::optional(nemo::placement::cost(problem, problem.needs[need], node));
    };
    terms.awake = problem.awake;
    terms.awake.resize(problem.nodes);
    terms.held.resize(problem.replicas.size());
    const std::optional<Least> proved = least_of_all(problem, terms, {*result, cost});
    REQUIRE(proved);
    REQUIRE(proved->cost == *optimum);
    REQUIRE(proved->nodes.empty() == (cost == *optimum));
  }
  INFO(placed << " placed, " << least << " at the least cost, of " << tight << " it is proved");
  CHECK(placed > seeds / (bonded ? 5 : 4));
  CHECK(least >= placed * (asleep ? 98 : 99) / 100);
  CHECK(tight >= placed * (asleep ? 3 : 5) / 10);
  CHECK((far > seeds / 15) == bonded);
}

TEST_CASE("a packing that greedy misses is found by the exact search") {
  // 6+4, 5+5, 4+3+3 fill three nodes of ten exactly.
  Problem problem = alike(3, 10);
  for (int64_t size : {4, 3, 5, 6, 3, 4, 5})
    add(problem, size, 1);
  auto result = place(problem, {});
  REQUIRE(bool(result));
}

TEST_CASE("a packing that the exact search gives up on is found by ejection") {
  // Three parts of it fill every node but for a hundredth; four parts of another do so too.
  Problem problem = alike(12, 1000);
  std::mt19937 random(7);
  for (size_t node = 0; node < problem.nodes; ++node) {
    int64_t left = 990;
    for (size_t part = 3 + node % 2; part > 1; --part) {
      const auto size = static_cast<int64_t>(
          static_cast<double>(left) * (0.8 + 0.4 * static_cast<double>(random() % 1000) / 1000) /
          static_cast<double>(part));
      add(problem, size, 1);
      left -= size;
    }
    add(problem, left, 1);
  }
  Budget budget;
  budget.search_steps = 100;
  auto result = place(problem, budget);
  REQUIRE(bool(result));
  std::vector<int64_t> used(problem.nodes);
  for (size_t r = 0; r < problem.replicas.size(); ++r)
    used[index(result->node_of_replica[r])] += problem.needs[problem.replicas[r].need].demand[0];
  CHECK(*std::max_element(used.begin(), used.end()) <= 1000);
  SECTION("and without effort it is not") {
    budget.effort = 0;
    auto none = place(problem, budget);
    CHECK_FALSE(bool(none));
    llvm::consumeError(none.takeError());
  }
}

TEST_CASE("many exclusive workloads each get a node of their own") {
  // A third of the nodes is cheap, so that everybody would be there but for the rule.
  constexpr size_t nodes = 48, exclusive = 30;
  Problem problem = alike(nodes, 1000);
  for (size_t node = 0; node < nodes / 3; ++node)
    problem.costs[0].per_share[node] = problem.costs[0].per_cpu[node] = 1e5;
  for (uint32_t n = 0; n < exclusive + 20; ++n) {
    add(problem, 200, 1 + n % 2);
    if (n < exclusive) {
      problem.needs[n].exclusive = true;
      problem.needs[n].alone = restriction(stages::Restriction::EXCLUSIVE, n);
    }
  }
  auto result = place(problem, {});
  REQUIRE(bool(result));
  std::map<size_t, std::set<uint32_t>> on;
  for (size_t r = 0; r < problem.replicas.size(); ++r)
    on[index(result->node_of_replica[r])].insert(problem.replicas[r].need);
  for (const auto &[node, needs] : on)
    for (uint32_t need : needs)
      CHECK((need >= exclusive || needs.size() == 1));
}

TEST_CASE("who has to be near one replica shares the room there, and that is proved") {
  // Two sites of two nodes of ten. Twenty of one and the hub itself are too many for a site.
  Problem problem = alike(4, 10);
  problem.domain[static_cast<size_t>(Spread::site)] = {0, 0, 1, 1};
  add(problem, 1, 1);
  const uint32_t count = GENERATE(19u, 22u);
  for (uint32_t n = 1; n <= count; ++n) {
    add(problem, 1, 1);
    problem.bonds.push_back(
        {n, 0, Spread::site, UINT32_MAX, false, restriction(stages::Restriction::AFFINITY, n)});
  }
  auto result = place(problem, {});
  REQUIRE(bool(result) == (count == 19));
  if (result)
    return;
  bool proved = false;
  llvm::handleAllErrors(
      result.takeError(),
      [&](const Infeasible &conflict) {
        proved = conflict.irreducible && conflict.needs.size() == 21;
      },
      [](const NotFound &) {});
  CHECK(proved);
}

TEST_CASE("those who have to be near one another are placed together, where all of them fit") {
  // Four sites of two nodes of ten hold six chains of three each; two of a seventh would fit.
  Problem problem = alike(8, 10);
  const auto site = static_cast<size_t>(Spread::site);
  problem.domain[site] = {0, 0, 1, 1, 2, 2, 3, 3};
  constexpr uint32_t chains = 24, links = 3;
  for (uint32_t n = 0; n < chains * links; ++n) {
    add(problem, 1, 1);
    if (n % links > 0)
      problem.bonds.push_back({n, n - 1, Spread::site, UINT32_MAX, false,
                               restriction(stages::Restriction::AFFINITY, n)});
  }
  State one_by_one(problem);
  REQUIRE_FALSE(greedy(one_by_one, false));
  REQUIRE(broken_bond(one_by_one));
  State together(problem);
  REQUIRE(bonded_greedy(together));
  for (uint32_t n = 0; n < chains * links; ++n)
    CHECK(problem.domain[site][index(together.node_of(n))] ==
          problem.domain[site][index(together.node_of(n - n % links))]);
  add(problem, 1, 1); // and one chain more
  add(problem, 1, 1);
  add(problem, 1, 1);
  for (uint32_t n : {chains * links + 1, chains * links + 2})
    problem.bonds.push_back(
        {n, n - 1, Spread::site, UINT32_MAX, false, restriction(stages::Restriction::AFFINITY, n)});
  State full(problem);
  CHECK_FALSE(bonded_greedy(full));
}

TEST_CASE("demands beyond all bounds fit nowhere and overflow nothing") {
  Problem problem = alike(2, most_room);
  add(problem, most_room + 1, 3);
  auto result = place(problem, {});
  REQUIRE_FALSE(bool(result));
  bool proved = false;
  llvm::handleAllErrors(
      result.takeError(), [&](const Infeasible &) { proved = true; }, [](const NotFound &) {});
  CHECK(proved);
}

TEST_CASE("no nodes, and nodes without room, are proved infeasible") {
  for (size_t nodes : {size_t{0}, size_t{3}}) {
    Problem problem = alike(nodes, 0);
    add(problem, 1, 1);
    auto result = place(problem, {});
    REQUIRE_FALSE(bool(result));
    bool proved = false;
    llvm::handleAllErrors(
        result.takeError(), [&](const Infeasible &conflict) { proved = conflict.irreducible; },
        [](const NotFound &) {});
    CHECK(proved);
  }
}

TEST_CASE("what is not decided is not called infeasible") {
  // Seven of four into five nodes of ten: each holds two, so ten fit and eleven do not; counting
  // alone (44 <= 50) does not show it.
  Problem problem = alike(5, 10);
  for (int i = 0; i < 11; ++i)
    add(problem, 4, 1);
  Budget little;
  little.search_steps = 40;
  auto result = place(problem, little);
  REQUIRE_FALSE(bool(result));
  bool undecided = false;
  llvm::handleAllErrors(
      result.takeError(), [](const Infeasible &) {}, [&](const NotFound &) { undecided = true; });
  CHECK(undecided);
  SECTION("with effort it is proved") {
    auto proved = place(problem, {});
    REQUIRE_FALSE(bool(proved));
    llvm::handleAllErrors(
        proved.takeError(),
        [](const Infeasible &conflict) {
          CHECK(conflict.irreducible);
          CHECK(conflict.needs.size() == 11);
        },
        [](const NotFound &) { FAIL("decided"); });
  }
  SECTION("a conflict that is not narrowed down says so") {
    Budget short_of;
    short_of.narrow_steps = 10;
    auto wide = place(problem, short_of);
    REQUIRE_FALSE(bool(wide));
    llvm::handleAllErrors(
        wide.takeError(), [](const Infeasible &conflict) { CHECK_FALSE(conflict.irreducible); },
        [](const NotFound &) { FAIL("decided"); });
  }
}

TEST_CASE("a replica stays for small savings and leaves for large ones") {
  for (double other : {0.97, 0.90}) {
    Problem problem = alike(2, 10);
    problem.costs[0].per_share[0] = 1e9;
    problem.costs[0].per_share[1] = 1e9 * other;
    problem.costs[0].per_cpu = {0, 0};
    add(problem, 5, 1);
    problem.replicas[0].home = NodeId(0);
    auto result = place(problem, {});
    REQUIRE(bool(result));
    CHECK(index(result->node_of_replica[0]) == (other < 0.95 ? 1 : 0));
  }
}

TEST_CASE("exchanging two replicas saves what moving one cannot") {
  Problem problem = alike(2, 10);
  add(problem, 10, 1);
  add(problem, 10, 1);
  // The second class pays ten times as much on node 1.
  CostClass dear = problem.costs[0];
  dear.per_share[1] *= 10;
  problem.costs.push_back(dear);
  problem.needs[1].cost_class = 1;
  problem.replicas[0].home = NodeId(0);
  problem.replicas[1].home = NodeId(1);
  auto result = place(problem, {});
  REQUIRE(bool(result));
  CHECK(index(result->node_of_replica[0]) == 1);
  CHECK(index(result->node_of_replica[1]) == 0);
}
