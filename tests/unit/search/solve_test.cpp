#include <catch2/catch.hpp>

#include "compiler/placement/search/search.h"
#include "random_model.h"

using namespace nemo::optimiser;
using nemo::optimiser::testing::Instance;
using nemo::optimiser::testing::random_instance;
using nemo::optimiser::testing::Size;

namespace {

Options with_effort(uint64_t effort, unsigned threads = 1) {
  Options options;
  options.effort = effort;
  options.threads = threads;
  return options;
}

} // namespace

TEST_CASE("What is found is feasible, costs what it says, and is no worse than the start") {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Size size;
    size.kinds = seed > 8;
    const Instance instance = random_instance(seed, size);
    const Cost before = evaluate(instance.model, instance.planted).total();
    auto found = solve(instance.model, instance.planted, with_effort(100'000));
    REQUIRE(bool(found));
    const Evaluation judged = evaluate(instance.model, *found);
    CHECK(judged.feasible());
    CHECK(judged.total() == found->cost);
    CHECK(found->cost <= before);
  }
}

TEST_CASE("With nothing but an effort the answer is the same every time, on any threads") {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    Size size;
    size.nodes = 20;
    size.replicas = 150;
    const Instance instance = random_instance(seed, size);
    for (unsigned threads : {1u, 2u}) {
      auto first = solve(instance.model, instance.planted, with_effort(200'000, threads));
      auto second = solve(instance.model, instance.planted, with_effort(200'000, threads));
      REQUIRE(bool(first));
      REQUIRE(bool(second));
      CHECK(first->cost == second->cost);
      CHECK(first->node_of == second->node_of);
      CHECK(first->devices_of == second->devices_of);
    }
  }
}

TEST_CASE("Small instances are solved to the optimum that trying everything finds") {
  int optimal = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Size size;
    size.nodes = 4;
    size.replicas = 6;
    size.groups = 3;
    size.slack_percent = 100;
    const Instance instance = random_instance(seed, size);
    auto found = solve(instance.model, instance.planted, with_effort(200'000));
    REQUIRE(bool(found));
    Cost best = found->cost;
    Solution any;
    for (uint32_t code = 0; code < 5 * 5 * 5 * 5 * 5 * 5; ++code) {
      any.node_of.clear();
      for (uint32_t i = 0, rest = code; i < 6; ++i, rest /= 5)
        any.node_of.push_back(rest % 5 == 4 ? nowhere : rest % 5);
      // Which devices are held is left to the search: only who asks for none is moved about.
      any.devices_of = found->devices_of;
      bool same = true;
      for (uint32_t i = 0; i < 6; ++i)
        same &= any.node_of[i] == found->node_of[i] ||
                instance.model.shapes[instance.model.replicas[i].shape].devices.count == 0;
      if (!same)
        continue;
      const Evaluation judged = evaluate(instance.model, any);
      if (judged.feasible())
        best = std::min(best, judged.total());
    }
    CHECK(best <= found->cost);
    optimal += best == found->cost;
  }
  // Where nearness ties replicas together, only moving several at once would find the others.
  INFO(optimal << " of 20");
  CHECK(optimal >= 15);
}

TEST_CASE("It stops when told, at the cost that is enough, and within the time limit") {
  Size size;
  size.nodes = 20;
  size.replicas = 300;
  const Instance instance = random_instance(1, size);
  const Cost before = evaluate(instance.model, instance.planted).total();

  std::atomic<bool> stop = true;
  Options options;
  options.stop = &stop;
  options.effort = uint64_t{1} << 60;
  auto stopped = solve(instance.model, instance.planted, options);
  REQUIRE(bool(stopped));
  CHECK(stopped->cost <= before);

  options = with_effort(100'000'000'000, 2);
  options.enough = before;
  uint64_t ticks = 0;
  options.on_improvement = [&](const Progress &progress) { ticks = progress.ticks; };
  auto enough = solve(instance.model, instance.planted, options);
  REQUIRE(bool(enough));
  CHECK(enough->cost <= before);
  CHECK(ticks < 100'000'000);
}

TEST_CASE("Who can be nowhere is named") {
  Instance instance = random_instance(2);
  instance.model.shapes[instance.model.replicas[7].shape].demand[0] = 1'000'000;
  for (size_t r = 0; r < instance.model.replicas.size(); ++r)
    if (r != 7 && instance.model.replicas[r].shape == instance.model.replicas[7].shape)
      instance.model.replicas[r].absence_price = 1;
  instance.model.replicas[7].absence_price = must_be_placed;
  auto found = solve(instance.model, std::nullopt, with_effort(200'000, 2));
  REQUIRE_FALSE(bool(found));
  uint32_t named = nowhere;
  llvm::handleAllErrors(found.takeError(),
                        [&](const NothingFound &nothing) { named = nothing.replica; });
  CHECK(named == 7);
}

TEST_CASE("Models with nothing in them have answers") {
  Model empty;
  auto found = solve(empty, std::nullopt, with_effort(1000));
  REQUIRE(bool(found));
  CHECK(found->cost == 0);

  Model no_nodes;
  no_nodes.shapes.resize(1);
  no_nodes.replicas.resize(1);
  REQUIRE(!check(no_nodes));
  auto none = solve(no_nodes, std::nullopt, with_effort(1000));
  CHECK_FALSE(bool(none));
  llvm::consumeError(none.takeError());

  no_nodes.replicas[0].absence_price = 7;
  auto away = solve(no_nodes, std::nullopt, with_effort(1000));
  REQUIRE(bool(away));
  CHECK(away->cost == 7);
}
