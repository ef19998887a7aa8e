// What is proposed against a conflict, checked by an oracle that tries every assignment.
#include <algorithm>

#include <catch2/catch.hpp>

#include "compiler/placement/relax.h"
#include "oracle.h"

using namespace nemo;
using namespace nemo::placement;
using namespace nemo::test;

namespace {

/// The oracle's own idea of each change. \param who  only these workloads; null: all.
bool fits(Problem problem, const Relaxation &change, int64_t amount, std::set<uint32_t> who,
          bool everybody) {
  std::set<Key> kept = keys(problem);
  Need &need = problem.needs[change.need];
  std::vector<Replica> replicas;
  switch (change.kind) {
  case Relaxation::Kind::without:
    kept.erase(key(change.restriction));
    break;
  case Relaxation::Kind::less:
    need.demand[change.resource] = amount;
    break;
  case Relaxation::Kind::fewer:
  case Relaxation::Kind::beside: {
    if (change.kind == Relaxation::Kind::beside && need.repeats > 0) {
      need.repeats += static_cast<uint32_t>(amount);
      break;
    }
    // Built anew, need by need; what stands beside others comes last.
    const auto gone = static_cast<uint32_t>(
        change.kind == Relaxation::Kind::fewer ? need.count - amount : amount);
    need.repeats -= std::min(need.repeats, gone);
    Need apart = need;
    std::vector<Replica> extra;
    for (uint32_t n = 0; n < problem.needs.size(); ++n) {
      Need &one = problem.needs[n];
      const auto first = problem.replicas.begin() + one.first;
      const uint32_t taken = n == change.need ? gone : 0;
      one.first = static_cast<uint32_t>(replicas.size());
      one.count -= taken;
      replicas.insert(replicas.end(), first, first + one.count);
      extra.insert(extra.end(), first + one.count, first + one.count + taken);
    }
    if (change.kind == Relaxation::Kind::beside && gone > 0) {
      apart.spread = Spread::none;
      apart.part_of = change.need;
      apart.first = static_cast<uint32_t>(replicas.size());
      apart.count = gone;
      for (Replica replica : extra) {
        replica.need = static_cast<uint32_t>(problem.needs.size());
        replicas.push_back(replica);
      }
      who.insert(static_cast<uint32_t>(problem.needs.size()));
      problem.needs.push_back(apart);
    }
    problem.replicas = replicas;
  }
  }
  Oracle oracle{problem, &kept, everybody ? nullptr : &who, {}};
  return oracle.feasible();
}

} // namespace

TEST_CASE("each relaxation makes it fit, and no smaller one does") {
  const bool bonded = GENERATE(false, true);
  std::array<int, 4> seen{};
  int partial = 0, affinities = 0;
  for (uint32_t seed = 1; seed <= 3000; ++seed) {
    INFO("seed " << seed);
    Problem problem = random_problem(seed);
    if (bonded && problem.needs.size() > 1)
      add_bonds(problem, seed);
    auto result = place(problem, {});
    if (result)
      continue;
    llvm::handleAllErrors(
        result.takeError(),
        [&](const Infeasible &conflict) {
          const Relaxations found = relaxations(problem, conflict, {});
          REQUIRE(found.complete);
          const std::set<uint32_t> who(conflict.needs.begin(), conflict.needs.end());
          for (const Relaxation &change : found.list) {
            INFO("kind " << static_cast<int>(change.kind) << " amount " << change.amount);
            ++seen[static_cast<size_t>(change.kind)];
            partial += !change.everybody;
            affinities += change.restriction.kind() == stages::Restriction::AFFINITY;
            REQUIRE(fits(problem, change, change.amount, who, false));
            REQUIRE(fits(problem, change, change.amount, who, true) == change.everybody);
            REQUIRE(change.cost.has_value() == change.everybody);
            if (change.kind == Relaxation::Kind::beside)
              REQUIRE_FALSE(fits(problem, change, change.amount - 1, who, false));
            else if (change.kind != Relaxation::Kind::without)
              REQUIRE_FALSE(fits(problem, change, change.amount + 1, who, false));
          }
          // Nothing is missing, either: a rule is listed when leaving it out alone suffices.
          for (const Infeasible::Member &member : conflict.members) {
            if (member.restriction.kind() == stages::Restriction::RESOURCES)
              continue;
            Relaxation without;
            without.restriction = member.restriction;
            const bool listed =
                std::any_of(found.list.begin(), found.list.end(), [&](const Relaxation &change) {
                  return change.kind == Relaxation::Kind::without &&
                         key(change.restriction) == key(member.restriction);
                });
            REQUIRE(listed == fits(problem, without, 0, who, false));
          }
        },
        [&](const NotFound &) { FAIL("small instances are always decided"); });
  }
  // Every kind has to be common, or this test would say little.
  for (int count : seen)
    CHECK(count > 20);
  CHECK(partial > 20);
  CHECK((affinities > 20) == bonded);
}

TEST_CASE("large amounts are proposed as round numbers") {
  Problem problem = alike(2, 10'000);
  add(problem, 16'000, 1);
  auto result = place(problem, {});
  REQUIRE_FALSE(bool(result));
  llvm::handleAllErrors(
      result.takeError(),
      [&](const Infeasible &conflict) {
        const Relaxations found = relaxations(problem, conflict, {});
        REQUIRE(found.list.size() == 1);
        CHECK(found.list[0].kind == Relaxation::Kind::less);
        CHECK(found.list[0].amount == 10'000);
        Budget none;
        none.relax_steps = 0;
        const Relaxations hurried = relaxations(problem, conflict, none);
        CHECK(hurried.list.empty());
        CHECK_FALSE(hurried.complete); // and says so
      },
      [](const NotFound &) { FAIL("decided"); });
}
