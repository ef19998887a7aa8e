// Fewer and cheaper nodes: nothing is broken by it, and small cases end at the optimum.
#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "compiler/placement/search/close.h"
#include "compiler/placement/search/construct.h"
#include "compiler/placement/search/exact_fit.h"
#include "compiler/placement/search/fill.h"
#include "random_model.h"

using namespace nemo::optimiser;
using nemo::optimiser::testing::Instance;
using nemo::optimiser::testing::random_instance;

namespace {

Budget effort(uint64_t ticks) {
  Options options;
  options.effort = ticks;
  return Budget(options, Budget::Clock::now());
}

Solution closed(const Model &model, const Solution &start, uint64_t seed, uint64_t ticks) {
  const Tables tables(model);
  State state(tables);
  REQUIRE(state.load(start));
  REQUIRE(state.broken() == 0);
  Random random(seed);
  Budget budget = effort(ticks);
  Cost best = state.cost();
  bool fell = true;
  close_nodes(state, random, budget, std::nullopt, [&] {
    fell &= state.cost() < best && state.broken() == 0;
    best = state.cost();
  });
  CHECK(fell);
  CHECK(state.cost() == best);
  CHECK(budget.ticks() < ticks + 10'000'000);
  return state.solution();
}

/// Replicas of random sizes on nodes of random capacity and price.
Model small_packing(uint64_t seed, bool alike) {
  Random random(seed);
  auto pick = [&](uint32_t least, uint32_t most) { return least + random.below(most - least + 1); };
  Model model;
  model.resources.resize(2);
  model.nodes = 5;
  for (uint32_t node = 0; node < model.nodes; ++node) {
    for (int d = 0; d < 2; ++d)
      model.capacity.push_back(alike ? 20 : pick(15, 30));
    model.open_price.push_back(alike ? 7 : pick(0, 20));
  }
  model.safety = model.capacity;
  for (uint32_t i = 0; i < 7; ++i) {
    model.shapes.emplace_back();
    model.shapes.back().demand = {pick(2, 11), pick(2, 11)};
    model.replicas.emplace_back();
    model.replicas.back().shape = i;
  }
  // Two of them never on one node.
  model.groups = 1;
  model.replicas[0].groups = model.replicas[1].groups = {0};
  model.families.push_back({{0, 1, 2, 3, 4}, 5});
  model.limits.push_back({0, 0, 1});
  return model;
}

Cost least_cost(const Model &model, Solution &any) {
  Cost best = INT64_MAX;
  Solution tried;
  tried.node_of.assign(model.replicas.size(), 0);
  for (;;) {
    const Evaluation judged = evaluate(model, tried);
    if (judged.feasible()) {
      best = std::min(best, judged.total());
      any = tried;
    }
    size_t at = 0;
    while (at < tried.node_of.size() && ++tried.node_of[at] == model.nodes)
      tried.node_of[at++] = 0;
    if (at == tried.node_of.size())
      return best;
  }
}

Model bins(const std::vector<std::vector<int64_t>> &sizes, std::vector<int64_t> capacity) {
  Model model;
  model.resources.resize(capacity.size());
  model.nodes = static_cast<uint32_t>(sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) {
    model.capacity.insert(model.capacity.end(), capacity.begin(), capacity.end());
    model.shapes.emplace_back();
    model.shapes.back().demand = sizes[i];
    model.replicas.emplace_back();
    model.replicas.back().shape = static_cast<uint32_t>(i);
  }
  model.safety = model.capacity;
  model.open_price.assign(model.nodes, 1);
  return model;
}

/// Three each that fill a bin in every dimension.
Model triplets(uint64_t seed, uint32_t count, size_t dims) {
  Random random(seed);
  std::vector<std::vector<int64_t>> sizes;
  for (uint32_t i = 0; i < count; ++i) {
    std::vector<int64_t> a, b, c;
    for (size_t d = 0; d < dims; ++d) {
      a.push_back(250 + random.below(150));
      b.push_back(250 + random.below(150));
      c.push_back(1000 - a.back() - b.back());
    }
    sizes.insert(sizes.end(), {a, b, c});
  }
  shuffle(sizes, random);
  return bins(sizes, std::vector<int64_t>(dims, 1000));
}

} // namespace

TEST_CASE("Closing nodes breaks no rule and never costs more") {
  int cheaper = 0;
  for (uint64_t seed = 1; seed <= 16; ++seed) {
    Instance instance = random_instance(seed);
    Random random(seed);
    instance.model.open_price.clear();
    for (uint32_t node = 0; node < instance.model.nodes; ++node)
      instance.model.open_price.push_back(seed % 2 == 0 ? 1'000'000 : 1'000 * random.below(1'000));
    const Cost before = evaluate(instance.model, instance.planted).total();
    const Solution after = closed(instance.model, instance.planted, seed, 100'000);
    const Evaluation judged = evaluate(instance.model, after);
    INFO("seed " << seed << ": " << (judged.feasible() ? "" : judged.violations.front()));
    REQUIRE(judged.feasible());
    REQUIRE(judged.total() == after.cost);
    REQUIRE(after.cost <= before);
    cheaper += after.cost < before;
  }
  CHECK(cheaper > 5);
}

TEST_CASE("Small cases end at the optimum, whether nodes cost the same or not") {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const Model model = small_packing(seed, seed % 3 == 0);
    REQUIRE(llvm::toString(check(model)) == "");
    Solution start;
    const Cost least = least_cost(model, start);
    REQUIRE(least < INT64_MAX);
    INFO("seed " << seed);
    CHECK(closed(model, start, seed, 400'000).cost == least);
  }
}

TEST_CASE("The same seed and effort close the same nodes") {
  const Instance instance = random_instance(5);
  Model model = instance.model;
  model.open_price.assign(model.nodes, 100'000);
  const Solution one = closed(model, instance.planted, 9, 100'000),
                 other = closed(model, instance.planted, 9, 100'000);
  CHECK(one.node_of == other.node_of);
  CHECK(one.devices_of == other.devices_of);
}

TEST_CASE("Closing ends at once when the cost is low enough") {
  const Instance instance = random_instance(6);
  Model model = instance.model;
  model.open_price.assign(model.nodes, 100'000);
  const Tables tables(model);
  State state(tables);
  REQUIRE(state.load(instance.planted));
  Random random(1);
  Budget budget = effort(uint64_t{1} << 40);
  close_nodes(state, random, budget, state.cost(), [] {});
  CHECK(budget.ticks() == 0);
}

TEST_CASE("Triplets are found again, in every dimension") {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const Model model = triplets(seed, 40, 3);
    const Tables tables(model);
    State state(tables);
    Random random(seed);
    Budget budget = effort(100'000'000);
    fill(state, budget);
    REQUIRE(state.broken() == 0);
    CHECK(state.cost() > 40);
    close_nodes(state, random, budget, 40, [] {});
    CHECK(evaluate(model, state.solution()).opened == 40);
  }
}

TEST_CASE("Sets that fit exactly are disjoint and fit") {
  const Model model = triplets(7, 30, 1); // in one dimension there are many
  const Tables tables(model);
  Random random(7);
  Budget budget = effort(100'000'000);
  std::set<uint32_t> seen;
  for (const auto &set : exact_fit(tables, random, budget)) {
    int64_t sum = 0;
    for (uint32_t replica : set) {
      CHECK(seen.insert(replica).second);
      sum += model.shapes[model.replicas[replica].shape].demand[0];
    }
    CHECK(sum == 1000);
  }
  CHECK(seen.size() > 60);
}

TEST_CASE("There is no exact fit where much may be wasted, sizes do not match, or nodes differ") {
  auto none = [](const Model &model) {
    const Tables tables(model);
    Random random(1);
    Budget budget = effort(1'000'000);
    return exact_fit(tables, random, budget).empty();
  };
  CHECK(none(bins({{4}, {4}, {4}}, {6})));
  CHECK(none(bins({{4}, {3}, {5}, {2}}, {10})));
  CHECK(none(bins({}, {10})));
  Model model = triplets(1, 5, 2);
  CHECK_FALSE(none(model));
  model.capacity[0] += 1;
  model.safety = model.capacity;
  CHECK(none(model));
}

TEST_CASE("Filling opens no more nodes than needed, cheap ones first, and keeps the rules") {
  // Two fit together; the cheaper node for what it has is the second.
  Model model = bins({{5}, {5}}, {10});
  model.open_price = {9, 3};
  const Tables tables(model);
  State state(tables);
  Budget budget = effort(1'000'000);
  fill(state, budget);
  CHECK(state.node_of(0) == 1);
  CHECK(state.node_of(1) == 1);
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Instance instance = random_instance(seed);
    const Tables of(instance.model);
    State filled(of);
    Budget more = effort(1'000'000);
    Random random(seed);
    fill(filled, more);
    construct(filled, random, more);
    if (filled.broken() == 0)
      CHECK(evaluate(instance.model, filled.solution()).feasible());
  }
}
