#include "compiler/placement/bound/bound.h"

#include <string>

#include <catch2/catch.hpp>

#include "compiler/placement/bound/aggregate.h"
#include "small_models.h"

using namespace nemo::optimiser;

namespace {

Model checked(Model model) {
  if (llvm::Error error = check(model))
    FAIL(llvm::toString(std::move(error)));
  return model;
}

Cost bound_with(const Model &model, uint64_t effort) {
  BoundOptions options;
  options.effort = effort;
  return bound(model, options).value;
}

// `replicas` alike on `nodes` alike, with a demand in every dimension.
Model alike(uint32_t nodes, uint32_t replicas, size_t dims, int64_t capacity, int64_t demand) {
  Model model;
  model.nodes = nodes;
  model.resources.assign(dims, {false, 1});
  model.capacity.assign(nodes * dims, capacity);
  model.safety = model.capacity;
  model.shapes.push_back({});
  model.shapes.back().demand.assign(dims, demand);
  model.replicas.assign(replicas, {});
  return model;
}

} // namespace

TEST_CASE("no assignment of a small model costs less than its bound") {
  int feasible = 0, reached = 0, above_nothing = 0;
  for (uint64_t seed = 0; seed < 600; ++seed) {
    CAPTURE(seed);
    const Model model = checked(small_model(seed));
    const std::optional<Cost> least = least_cost(model);
    if (!least)
      continue;
    ++feasible;
    REQUIRE(aggregate_bound(model) <= *least);
    const Cost value = bound_with(model, 20000);
    REQUIRE(value <= *least);
    reached += value == *least;
    above_nothing += value > 0;
  }
  // The models are such that the test means something.
  CHECK(feasible > 300);
  CHECK(above_nothing > 250);
  CHECK(reached > 20);
}

TEST_CASE("a bound is the same for the same effort and never falls with more") {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    const Model model = checked(small_model(seed));
    Cost last = 0;
    for (uint64_t effort : {0, 500, 2000, 8000, 32000}) {
      const Cost value = bound_with(model, effort);
      CHECK(value >= last);
      CHECK(value == bound_with(model, effort));
      last = value;
    }
  }
}

TEST_CASE("a bound that is stopped is still one") {
  const std::atomic<bool> stop{true};
  BoundOptions options;
  options.stop = &stop;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const Model model = checked(small_model(seed));
    const Bound found = bound(model, options);
    CHECK(found.method == std::string("aggregate"));
    CHECK(found.value >= aggregate_bound(model));
    if (const std::optional<Cost> least = least_cost(model))
      CHECK(found.value <= *least);
  }
}

TEST_CASE("demand beyond the safety capacity is paid for wherever it goes") {
  Model model = alike(2, 3, 1, 100, 50);
  model.resources[0].overload_price = 7;
  model.safety = {40, 60};
  CHECK(aggregate_bound(checked(model)) == 7 * 50);
}

TEST_CASE("demand that only some nodes may have is weighed against those alone") {
  Model model = alike(4, 3, 1, 1000, 50);
  model.safety = {10, 1000, 20, 1000};
  model.node_sets = {{true, false, false, false}, {false, false, true, false}};
  model.shapes.assign(3, model.shapes[0]);
  model.shapes[0].allowed = 0;
  model.shapes[1].allowed = 1;
  for (uint32_t r = 0; r < 3; ++r)
    model.replicas[r].shape = r;
  CHECK(aggregate_bound(checked(model)) == 40 + 30);
}

TEST_CASE("nodes have to be opened for all that must be placed") {
  Model model = alike(5, 7, 1, 100, 50);
  model.open_price = {10, 10, 10, 30, 30};
  CHECK(aggregate_bound(checked(model)) == 10 + 10 + 10 + 30);
  model.replicas.resize(5);
  CHECK(aggregate_bound(checked(model)) == 30);
}

TEST_CASE("replicas pay at least what their demand costs on the cheapest node") {
  Model model = alike(3, 2, 1, 100, 50);
  model.unit_price = {3 << 20, 2 << 20, (2 << 20) + (1 << 19)};
  CHECK(aggregate_bound(checked(model)) == 2 * 100);
  model.node_sets = {{true, false, true}};
  model.shapes[0].allowed = 0;
  CHECK(aggregate_bound(checked(model)) == 2 * 125);
  CHECK(bound_with(model, 20000) == 2 * 125);
}

TEST_CASE("an absence that is cheaper than the overload it spares counts") {
  Model model = alike(1, 4, 1, 1000, 50);
  model.safety = {100};
  for (Replica &replica : model.replicas)
    replica.absence_price = 30;
  // Two fit; of the others each pays 30, as 50 units of overload are dearer.
  CHECK(aggregate_bound(checked(model)) == 20);
  CHECK(least_cost(model) == 60);
}

TEST_CASE("somebody who has to leave makes some group the busiest") {
  Model model = alike(2, 2, 1, 100, 50);
  model.safety = {50, 100};
  model.resources[0].overload_price = 10;
  model.groups = 2;
  model.busiest_group_price = 7;
  for (uint32_t r = 0; r < 2; ++r) {
    model.replicas[r].home = 0;
    model.replicas[r].move_price = 20;
    model.replicas[r].groups = {r};
  }
  // Half a replica may not leave: one move at 20, and 7 for its group.
  CHECK(bound_with(checked(model), 20000) == 27);
  CHECK(least_cost(model) == 27);
  // Staying is cheaper than that.
  model.safety = {99, 100};
  CHECK(bound_with(checked(model), 20000) == 10);
  CHECK(least_cost(model) == 10);
}

TEST_CASE("a bound of nothing is none") {
  CHECK(bound_with(checked(Model{}), 1000) == 0);
  CHECK(bound_with(checked(alike(0, 0, 3, 1, 1)), 1000) == 0);
  CHECK(bound_with(checked(alike(3, 0, 1, 10, 1)), 1000) == 0);
  // Nothing is feasible here, so every bound holds; what matters is that one comes back.
  bound_with(checked(alike(0, 3, 1, 10, 1)), 1000);
  bound_with(checked(alike(3, 3, 0, 0, 0)), 1000);
  bound_with(checked(alike(3, 5, 2, 0, 7)), 1000);
}

TEST_CASE("a hundred dimensions and the largest numbers do not overflow") {
  CHECK(bound_with(checked(alike(3, 6, 100, 1000, 100)), 20000) == 0);
  Model model = alike(2, 200, 1, most_amount, most_amount / 100);
  model.safety.assign(2, 0);
  CHECK(bound_with(checked(model), 20000) == 200 * (most_amount / 100));
  model = alike(2, 4, 1, most_amount, 1);
  model.resources[0].overload_price = most_amount;
  model.safety.assign(2, 0);
  CHECK(bound_with(checked(model), 20000) == 4 * most_amount);
}
