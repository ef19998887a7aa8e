#include "compiler/placement/search/replan.h"

#include <catch2/catch.hpp>

#include "compiler/placement/search/construct.h"
#include "random_model.h"

using namespace nemo::optimiser;
using nemo::optimiser::testing::Instance;
using nemo::optimiser::testing::random_instance;
using nemo::optimiser::testing::Size;

namespace {

constexpr uint64_t enough_ticks = 1'000'000;

std::unique_ptr<Resident> resident(Model model, const std::vector<uint32_t> &node_of) {
  REQUIRE_FALSE(llvm::errorToBool(check(model)));
  Solution solution;
  solution.node_of = node_of;
  auto made = Resident::make(std::move(model), solution);
  REQUIRE(static_cast<bool>(made));
  return std::move(*made);
}

// One resource; a replica of each size.
Model sized(const std::vector<int64_t> &capacities, const std::vector<int64_t> &sizes) {
  Model model;
  model.nodes = static_cast<uint32_t>(capacities.size());
  model.resources.resize(1);
  model.capacity = model.safety = capacities;
  for (uint32_t i = 0; i < sizes.size(); ++i) {
    model.shapes.push_back({{sizes[i]}, {}, UINT32_MAX, UINT32_MAX});
    model.replicas.push_back({i, nowhere, 0, 0, must_be_placed, {}});
  }
  return model;
}

} // namespace

TEST_CASE("What a lost node hosted goes where it costs least, and nobody else moves") {
  Model model = sized({10, 10, 10, 10}, {3, 3, 3, 3});
  model.unit_price = {1 << 20, 2 << 20, 4 << 20, 3 << 20};
  const auto placed = resident(std::move(model), {0, 0, 1, 2});
  const Replan replan = placed->lose(0, 1, enough_ticks);
  CHECK(replan.whole);
  REQUIRE(replan.changes.size() == 2);
  for (uint32_t i : {0, 1}) {
    CHECK(replan.changes[i].replica == i);
    CHECK(replan.changes[i].from == 0);
    CHECK(replan.changes[i].to == 1);
  }
  CHECK(placed->solution().node_of == std::vector<uint32_t>{1, 1, 1, 2});
  CHECK(evaluate(placed->model(), placed->solution()).total() == placed->cost());
}

TEST_CASE("Others make room when there is none, and only as many as have to") {
  const auto placed = resident(sized({10, 10, 5, 10}, {10, 4, 1, 8}), {0, 1, 2, 3});
  const Replan replan = placed->lose(0, 1, enough_ticks);
  CHECK(replan.whole);
  REQUIRE(replan.changes.size() == 2);
  CHECK(replan.changes[0].to == 1);
  CHECK(replan.changes[1].replica == 1);
  CHECK(placed->solution().node_of[2] == 2);
  CHECK(placed->solution().node_of[3] == 3);
}

TEST_CASE("A loss that leaves too little room is said to, and the rest stays") {
  const auto placed = resident(sized({10, 10}, {8, 7}), {0, 1});
  const Replan replan = placed->lose(0, 1, enough_ticks);
  CHECK_FALSE(replan.whole);
  CHECK_FALSE(evaluate(placed->model(), placed->solution()).feasible());
  CHECK(placed->solution().node_of[0] == nowhere);
}

TEST_CASE("A placement that breaks a rule is not taken in") {
  Model model = sized({10, 10}, {8, 7});
  Solution solution;
  solution.node_of = {0, 0};
  auto made = Resident::make(model, solution);
  REQUIRE_FALSE(static_cast<bool>(made));
  llvm::consumeError(made.takeError());
  solution.node_of = {0};
  made = Resident::make(model, solution);
  REQUIRE_FALSE(static_cast<bool>(made));
  llvm::consumeError(made.takeError());
}

TEST_CASE("After each of several losses the cost is the judge's, and whole means feasible") {
  int whole = 0, only_displaced = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    Size size;
    size.slack_percent = 200;
    const Instance instance = random_instance(seed, size);
    auto made = Resident::make(instance.model, instance.planted);
    REQUIRE(static_cast<bool>(made));
    Resident &placed = **made;
    for (uint32_t node : {3, 7, 0}) {
      const std::vector<uint32_t> before = placed.solution().node_of;
      const Replan replan = placed.lose(node, seed, enough_ticks);
      const Solution after = placed.solution();
      const Evaluation judged = evaluate(placed.model(), after);
      INFO("seed " << seed << (judged.feasible() ? "" : ": " + judged.violations.front()));
      REQUIRE(judged.total() == placed.cost());
      REQUIRE(judged.feasible() == replan.whole);
      std::vector<uint32_t> replayed = before;
      bool displaced = true;
      for (const Change &change : replan.changes) {
        REQUIRE(replayed[change.replica] == change.from);
        displaced &= change.from == node;
        replayed[change.replica] = change.to;
      }
      REQUIRE(replayed == after.node_of);
      for (uint32_t on : after.node_of)
        REQUIRE(on != node);
      if (!replan.whole)
        break;
      ++whole;
      only_displaced += displaced;
    }
  }
  CHECK(whole >= 7);
  CHECK(only_displaced >= 2); // rules are dense here: most losses force others to move
}
