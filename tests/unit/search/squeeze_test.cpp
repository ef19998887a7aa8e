// Which nodes to open, and everybody squeezed into them.
#include <algorithm>

#include <catch2/catch.hpp>

#include "compiler/placement/search/node_cover.h"
#include "compiler/placement/search/squeeze.h"
#include "random_model.h"

using namespace nemo::optimiser;
using nemo::optimiser::testing::Instance;
using nemo::optimiser::testing::random_instance;

namespace {

Budget plenty() {
  Options options;
  options.effort = 1'000'000'000;
  return Budget(options, Budget::Clock::now());
}

/// Twelve nodes of random capacities and prices; replicas enough for both resources to bind.
Model random_nodes(uint64_t seed) {
  Random random(seed);
  Model model;
  model.resources.resize(2);
  model.nodes = 12;
  for (uint32_t node = 0; node < model.nodes; ++node) {
    for (int d = 0; d < 2; ++d)
      model.capacity.push_back(5 + random.below(40));
    model.open_price.push_back(100 + random.below(400));
  }
  model.safety = model.capacity;
  model.shapes.resize(1);
  model.shapes[0].demand = {1, 1};
  model.replicas.resize(60);
  return model;
}

double room(const Tables &tables, uint32_t node, size_t d) {
  return static_cast<double>(tables.node_rows[size_t{node} * tables.stride + d]);
}

/// \param need  by room, in the order of the tables.
Cost cheapest_subset(const Tables &tables, const std::vector<double> &need) {
  const Model &model = tables.model;
  Cost best = INT64_MAX;
  for (uint32_t subset = 0; subset < 1u << model.nodes; ++subset) {
    Cost price = 0;
    double has[2] = {0, 0};
    for (uint32_t node = 0; node < model.nodes; ++node)
      if (subset >> node & 1) {
        price += model.open_price[node];
        for (int d = 0; d < 2; ++d)
          has[d] += room(tables, node, d);
      }
    if (has[0] >= need[0] && has[1] >= need[1])
      best = std::min(best, price);
  }
  return best;
}

} // namespace

TEST_CASE("A cover of few nodes is the cheapest that there is") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Model model = random_nodes(seed);
    const Tables tables(model);
    const State state(tables);
    NodeCover cover(tables);
    Random random(seed);
    Budget budget = plenty();
    for (double part : {0.3, 0.6, 0.8}) {
      std::vector<double> need(tables.rooms);
      for (uint32_t node = 0; node < model.nodes; ++node)
        for (size_t d = 0; d < 2; ++d)
          need[d] += part * room(tables, node, d);
      Cost price = 0;
      for (uint32_t node : cover.find(need, state, random, budget))
        price += model.open_price[node];
      INFO("seed " << seed << ", " << part);
      CHECK(price == cheapest_subset(tables, need));
    }
  }
}

TEST_CASE("More than all nodes have cannot be covered") {
  const Model model = random_nodes(1);
  const Tables tables(model);
  const State state(tables);
  Random random(1);
  Budget budget = plenty();
  CHECK(NodeCover(tables).find({1, 1e6, 0, 0}, state, random, budget).empty());
}

TEST_CASE("Who is squeezed in is on one of the nodes, in its set, and within capacity") {
  int found = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Instance instance = random_instance(seed);
    Model &model = instance.model;
    model.open_price.assign(model.nodes, 1'000);
    // Nothing but capacities and sets.
    model.limits.clear();
    model.aparts.clear();
    model.spreads.clear();
    model.nears.clear();
    for (Shape &shape : model.shapes)
      shape.devices = {};
    const Tables tables(model);
    State state(tables);
    state.load(instance.planted);
    std::vector<uint32_t> nodes;
    for (uint32_t node = 0; node < model.nodes; ++node)
      if (!state.hosted(node).empty())
        nodes.push_back(node);
    const State nobody(tables);
    Random random(seed);
    Budget budget = plenty();
    Solution solution;
    solution.node_of = Squeeze(tables).place(nobody, nodes, random, budget, 3'000'000);
    if (solution.node_of.empty())
      continue;
    ++found;
    for (uint32_t node : solution.node_of)
      REQUIRE(std::binary_search(nodes.begin(), nodes.end(), node));
    solution.devices_of.assign(model.replicas.size(), 0);
    const Evaluation judged = evaluate(model, solution);
    INFO("seed " << seed << ": " << (judged.feasible() ? "" : judged.violations.front()));
    CHECK(judged.feasible());
  }
  CHECK(found > 5);
}
