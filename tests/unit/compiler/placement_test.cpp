// The optimiser against an oracle that tries every assignment, on small random instances. The
// oracle has its own idea of what a hard rule is: it shares nothing with State.
#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "compiler/placement/place.h"

using namespace nemo;
using namespace nemo::placement;

namespace {

stages::Restriction restriction(stages::Restriction::Kind kind, uint32_t block, uint32_t rule = 0) {
  stages::Restriction result;
  result.set_kind(kind);
  result.set_block(block);
  result.set_rule(rule);
  return result;
}

using Key = std::tuple<int, uint32_t, uint32_t>;
Key key(const stages::Restriction &r) { return {r.kind(), r.block(), r.rule()}; }

struct Oracle {
  const Problem &problem;
  const std::set<Key> *kept = nullptr;     ///< null: all restrictions hold
  const std::set<uint32_t> *who = nullptr; ///< null: everybody
  std::vector<int> at;

  bool holds(const stages::Restriction &r) const { return !kept || kept->count(key(r)); }

  bool legal() const {
    for (size_t r = 0; r < at.size(); ++r) {
      if (at[r] < 0)
        continue;
      const size_t node = static_cast<size_t>(at[r]);
      const Need &need = problem.needs[problem.replicas[r].need];
      for (const Clause &clause : need.clauses)
        if (holds(clause.restriction) && problem.sets[clause.excluded].test(node))
          return false;
      if (const auto &pin = problem.replicas[r].pinned;
          pin && holds(pin->restriction) && problem.sets[pin->excluded].test(node))
        return false;
      if (need.spread != Spread::none && need.count > 1 && holds(need.spreading)) {
        const auto &domain = problem.domain[static_cast<size_t>(need.spread)];
        if (domain[node] == unknown_domain)
          return false;
        for (uint32_t o = need.first; o < need.first + need.count; ++o)
          if (o != r && at[o] >= 0 && domain[static_cast<size_t>(at[o])] == domain[node])
            return false;
      }
      if (!need.ports.empty() && holds(need.port))
        for (uint16_t port : need.ports) {
          for (uint16_t taken : problem.taken_ports[node])
            if (taken == port)
              return false;
          for (size_t o = 0; o < at.size(); ++o) {
            const Need &other = problem.needs[problem.replicas[o].need];
            if (o != r && at[o] == at[r] && holds(other.port) &&
                std::count(other.ports.begin(), other.ports.end(), port))
              return false;
          }
        }
    }
    for (size_t node = 0; node < problem.nodes; ++node)
      for (size_t resource = 0; resource < resource_count; ++resource) {
        int64_t used = 0;
        bool any = false;
        for (size_t r = 0; r < at.size(); ++r)
          if (at[r] == static_cast<int>(node)) {
            const Need &need = problem.needs[problem.replicas[r].need];
            if (holds(need.resources)) {
              used += need.demand[resource];
              any |= need.demand[resource] > 0;
            }
          }
        if (any && used > problem.room[resource][node])
          return false;
      }
    return true;
  }

  bool feasible() {
    at.assign(problem.replicas.size(), -1);
    std::function<bool(size_t)> descend = [&](size_t r) {
      if (r == at.size())
        return true;
      if (who && !who->count(problem.replicas[r].need))
        return descend(r + 1);
      for (size_t node = 0; node < problem.nodes; ++node) {
        at[r] = static_cast<int>(node);
        if (legal() && descend(r + 1))
          return true;
      }
      at[r] = -1;
      return false;
    };
    return descend(0);
  }
};

Problem random_problem(uint32_t seed) {
  std::mt19937 random(seed);
  auto pick = [&](int low, int high) {
    return low + static_cast<int>(random() % static_cast<uint32_t>(high - low + 1));
  };
  Problem problem;
  problem.nodes = static_cast<size_t>(pick(1, 4));
  problem.taken_ports.resize(problem.nodes);
  for (size_t node = 0; node < problem.nodes; ++node) {
    const bool alike = pick(0, 1);
    problem.room[0].push_back(alike ? 4 : pick(0, 6));
    problem.room[1].push_back(alike ? 4 : pick(2, 6));
    problem.room[2].push_back(pick(0, 4) == 0 ? -1 : 4);
    problem.room[3].push_back(-1);
    problem.room[4].push_back(most_room);
    for (size_t resource : {0, 1})
      problem.whole[resource].push_back(problem.room[resource].back());
    problem.domain[0].push_back(0);
    problem.domain[1].push_back(static_cast<uint32_t>(node));
    problem.domain[2].push_back(static_cast<uint32_t>(node / 2));
    problem.domain[3].push_back(pick(0, 5) == 0 ? unknown_domain : 0);
    problem.domain[4].push_back(0);
    problem.tie_rank.push_back(static_cast<uint32_t>(node));
    if (pick(0, 7) == 0)
      problem.taken_ports[node].push_back(80);
  }
  CostClass prices;
  for (size_t node = 0; node < problem.nodes; ++node) {
    prices.per_cpu.push_back(pick(1, 50) * 1e6);
    prices.per_share.push_back(pick(1, 50) * 1e6);
    prices.known.push_back(true);
  }
  problem.costs.push_back(std::move(prices));
  // A policy's rule may concern every workload, and take other nodes from each.
  const bool shared = pick(0, 1);
  const uint32_t needs = static_cast<uint32_t>(pick(1, 3));
  for (uint32_t n = 0; n < needs; ++n) {
    Need need;
    need.demand = {pick(0, 3), pick(0, 3), pick(0, 4) == 0 ? 2 : 0, 0, 512};
    need.resources = restriction(stages::Restriction::RESOURCES, n);
    if (pick(0, 2) == 0) {
      need.spread = static_cast<Spread>(pick(1, 3));
      need.spreading = restriction(stages::Restriction::SPREAD, n);
    }
    if (pick(0, 3) == 0) {
      need.ports.push_back(80);
      need.port = restriction(stages::Restriction::PORT, n);
    }
    need.first = static_cast<uint32_t>(problem.replicas.size());
    need.count = static_cast<uint32_t>(pick(1, 2));
    for (int rules = pick(0, 3); rules > 0; --rules) {
      NodeBits excluded(problem.nodes);
      for (size_t node = 0; node < problem.nodes; ++node)
        if (pick(0, 2) == 0)
          excluded.set(node);
      const bool policy = pick(0, 1);
      need.clauses.push_back(
          {restriction(policy ? stages::Restriction::POLICY : stages::Restriction::PLACE,
                       policy && shared ? 0 : n, static_cast<uint32_t>(rules)),
           static_cast<uint32_t>(problem.sets.size())});
      problem.sets.push_back(std::move(excluded));
    }
    for (uint32_t r = 0; r < need.count; ++r) {
      Replica replica;
      replica.need = n;
      if (pick(0, 2) == 0) {
        replica.home = NodeId(static_cast<uint32_t>(pick(0, static_cast<int>(problem.nodes) - 1)));
        if (pick(0, 2) == 0) {
          NodeBits elsewhere(problem.nodes, true);
          elsewhere.reset(index(replica.home));
          replica.pinned = Clause{restriction(stages::Restriction::VOLUME, n),
                                  static_cast<uint32_t>(problem.sets.size())};
          problem.sets.push_back(std::move(elsewhere));
        }
      }
      problem.replicas.push_back(std::move(replica));
    }
    problem.needs.push_back(std::move(need));
  }
  return problem;
}

} // namespace

TEST_CASE("placement agrees with an exhaustive oracle") {
  int infeasible = 0, placed = 0;
  for (uint32_t seed = 1; seed <= 3000; ++seed) {
    INFO("seed " << seed);
    const Problem problem = random_problem(seed);
    auto result = place(problem, {});
    Oracle oracle{problem, nullptr, nullptr, {}};
    const bool possible = oracle.feasible();
    if (result) {
      ++placed;
      REQUIRE(possible);
      for (size_t r = 0; r < problem.replicas.size(); ++r)
        oracle.at[r] = static_cast<int>(index(result->node_of_replica[r]));
      REQUIRE(oracle.legal());
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
}

namespace {

// `count` nodes with room for `room` millicores each and nothing else to tell them apart.
Problem alike(size_t count, int64_t room) {
  Problem problem;
  problem.nodes = count;
  problem.taken_ports.resize(count);
  CostClass prices;
  for (size_t node = 0; node < count; ++node) {
    for (size_t resource = 0; resource < resource_count; ++resource)
      problem.room[resource].push_back(resource == 0 ? room : most_room);
    for (size_t resource : {0, 1})
      problem.whole[resource].push_back(problem.room[resource].back());
    for (size_t domain = 0; domain < 5; ++domain)
      problem.domain[domain].push_back(domain == 1 ? static_cast<uint32_t>(node) : 0);
    problem.tie_rank.push_back(static_cast<uint32_t>(node));
    prices.per_cpu.push_back(1e6);
    prices.per_share.push_back(1e6);
    prices.known.push_back(true);
  }
  problem.costs.push_back(std::move(prices));
  return problem;
}

void add(Problem &problem, int64_t millicores, uint32_t replicas) {
  Need need;
  const uint32_t n = static_cast<uint32_t>(problem.needs.size());
  need.demand[0] = millicores;
  need.resources = restriction(stages::Restriction::RESOURCES, n);
  need.first = static_cast<uint32_t>(problem.replicas.size());
  need.count = replicas;
  for (uint32_t r = 0; r < replicas; ++r)
    problem.replicas.push_back({n, nowhere, std::nullopt});
  problem.needs.push_back(std::move(need));
}

} // namespace

TEST_CASE("a packing that greedy misses is found by the exact search") {
  // 6+4, 5+5, 4+3+3 fill three nodes of ten exactly.
  Problem problem = alike(3, 10);
  for (int64_t size : {4, 3, 5, 6, 3, 4, 5})
    add(problem, size, 1);
  auto result = place(problem, {});
  REQUIRE(bool(result));
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
