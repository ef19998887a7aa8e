// The schedulers that the optimiser is compared with.
#include <catch2/catch.hpp>

#include "bench/placement/peers/greedy/greedy.h"

using namespace nemo::bench::peers;
using nemo::optimiser::Model;
using nemo::optimiser::Solution;

namespace {

// Replicas of these sizes, each a part of its own, on nodes of these sizes.
Model model_of(const std::vector<int64_t> &capacity, const std::vector<int64_t> &demand) {
  Model model;
  model.resources.resize(2);
  model.nodes = static_cast<uint32_t>(capacity.size());
  model.families = {{{}, model.nodes}};
  for (uint32_t node = 0; node < model.nodes; ++node) {
    model.capacity.insert(model.capacity.end(), {capacity[node], 1000});
    model.families[0].domain_of_node.push_back(node);
  }
  model.safety = model.capacity;
  model.groups = static_cast<uint32_t>(demand.size());
  for (uint32_t i = 0; i < demand.size(); ++i) {
    nemo::optimiser::Shape shape;
    shape.demand = {demand[i], 1};
    model.shapes.push_back(shape);
    nemo::optimiser::Replica replica;
    replica.shape = i;
    replica.groups = {i};
    model.replicas.push_back(replica);
  }
  return model;
}

Solution at(const std::vector<uint32_t> &nodes) {
  Solution solution;
  solution.node_of = nodes;
  return solution;
}

const auto anywhere = [](uint32_t, uint32_t) { return true; };

} // namespace

TEST_CASE("Who finds no room is placed before the others when everything is begun anew") {
  // The small one takes the clean large node first, and then the large one fits nowhere.
  const Model model = model_of({10, 4}, {3, 9});
  const Placement placement =
      place_in_order(model, {{0, 1}, {1, 2}}, 0, carbon_then_most_allocated({100, 200}));
  CHECK(placement.unplaced == 0);
  CHECK(placement.begun_anew == 1);
  CHECK(placement.solution.node_of == std::vector<uint32_t>{1, 0});
  const Model too_large = model_of({10, 4}, {3, 11});
  CHECK(place_in_order(too_large, {{0, 1}, {1, 2}}, 0, carbon_then_most_allocated({100, 200}))
            .unplaced == 1);
}

TEST_CASE("A node less than half used is emptied onto nodes that are awake") {
  const Model model = model_of({10, 10, 10}, {6, 3, 2});
  const std::vector<double> intensity{100, 200, 50};
  const Choose choose = carbon_then_most_allocated(intensity);
  const std::vector<bool> all(3, true);
  // The cleanest node sleeps and is not woken for it; one replica fits elsewhere, not both.
  CHECK(keep_and_scale_down(model, at({0, 1, 0}), all, choose, anywhere).solution.node_of ==
        std::vector<uint32_t>{0, 1, 0});
  CHECK(keep_and_scale_down(model, at({0, 1, 1}), all, choose, anywhere).solution.node_of ==
        std::vector<uint32_t>{0, 1, 1});
  const Model smaller = model_of({10, 10, 10}, {5, 3, 2});
  CHECK(keep_and_scale_down(smaller, at({0, 1, 0}), all, choose, anywhere).solution.node_of ==
        std::vector<uint32_t>{0, 0, 0});
  // What cannot sleep is not emptied, nor what would have to go where it may not.
  CHECK(keep_and_scale_down(smaller, at({0, 1, 0}), {true, false, true}, choose, anywhere)
            .solution.node_of == std::vector<uint32_t>{0, 1, 0});
  CHECK(keep_and_scale_down(smaller, at({0, 1, 0}), all, choose, [](uint32_t, uint32_t to) {
          return to != 0;
        }).solution.node_of == std::vector<uint32_t>{0, 1, 0});
}

TEST_CASE("Of what no longer fits its node the last is placed again") {
  const Model model = model_of({10, 10}, {6, 3, 2});
  const Choose choose = carbon_then_most_allocated({100, 200});
  const Placement placement =
      keep_and_scale_down(model, at({0, 0, 0}), {true, true}, choose, anywhere);
  CHECK(placement.unplaced == 0);
  CHECK(placement.solution.node_of == std::vector<uint32_t>{0, 0, 1});
  const Model alone = model_of({10}, {6, 3, 2});
  CHECK(keep_and_scale_down(alone, at({0, 0, 0}), {true}, choose, anywhere).unplaced == 1);
}
