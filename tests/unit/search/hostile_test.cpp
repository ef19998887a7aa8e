// Models as nobody should write them: a right answer, or that nothing was found.
#include <catch2/catch.hpp>

#include "compiler/placement/bound/bound.h"
#include "compiler/placement/search/search.h"

using namespace nemo::optimiser;

namespace {

// `replicas` of one shape on nodes alike, one group, and a family of the nodes themselves.
Model alike(uint32_t nodes, uint32_t replicas, size_t dims, int64_t capacity, int64_t demand) {
  Model model;
  model.nodes = nodes;
  model.resources.resize(dims);
  model.capacity.assign(nodes * dims, capacity);
  model.safety = model.capacity;
  model.shapes.resize(1);
  model.shapes[0].demand.assign(dims, demand);
  model.groups = 1;
  Replica replica;
  replica.groups = {0};
  model.replicas.assign(replicas, replica);
  Family family;
  for (uint32_t node = 0; node < nodes; ++node)
    family.domain_of_node.push_back(node);
  family.domains = nodes;
  model.families = {family};
  return model;
}

// The cost that is found, and nothing when nothing is: with free nodes, with dear ones that are
// alike, and with dear ones that are not, from nothing, on one thread and on two.
std::optional<Cost> least_found(Model model) {
  std::optional<Cost> free;
  for (Cost step : {-1, 0, 3}) {
    model.open_price.clear();
    for (uint32_t node = 0; node < model.nodes && step >= 0; ++node)
      model.open_price.push_back(5 + step * node);
    REQUIRE(llvm::toString(check(model)) == "");
    BoundOptions bounding;
    bounding.effort = 100'000;
    const Cost bounded = bound(model, bounding).value;
    for (unsigned threads : {1u, 2u}) {
      Options options;
      options.effort = 300'000;
      options.threads = threads;
      auto found = solve(model, std::nullopt, options);
      if (!found) {
        INFO("prices " << step << ", threads " << threads);
        CHECK(found.errorIsA<NothingFound>());
        CHECK_FALSE(free);
        llvm::consumeError(found.takeError());
        continue;
      }
      const Evaluation judged = evaluate(model, *found);
      INFO((judged.feasible() ? "" : judged.violations.front()));
      CHECK(judged.feasible());
      CHECK(judged.total() == found->cost);
      CHECK(bounded <= found->cost);
      if (step < 0)
        free = found->cost;
      else
        CHECK(free); // prices forbid nothing
    }
  }
  return free;
}

} // namespace

TEST_CASE("Nodes without any capacity host nobody who asks for some") {
  CHECK_FALSE(least_found(alike(4, 3, 2, 0, 1)));
  CHECK(least_found(alike(4, 3, 2, 0, 0)) == 0);
  Model half = alike(6, 12, 2, 8, 2); // four each on the three that have any
  for (size_t i = 0; i < 6; ++i)
    half.capacity[i] = half.safety[i] = 0;
  CHECK(least_found(half) == 0);
  half.replicas.resize(13, half.replicas[0]);
  CHECK_FALSE(least_found(half));
  half.replicas[12].absence_price = 70;
  CHECK(least_found(half) == 70);
}

TEST_CASE("One node takes all who fit") {
  CHECK(least_found(alike(1, 10, 1, 10, 1)) == 0);
  CHECK_FALSE(least_found(alike(1, 11, 1, 10, 1)));
  CHECK_FALSE(least_found(alike(0, 1, 1, 10, 1)));
}

TEST_CASE("A hundred dimensions are packed as one is") {
  Model model = alike(8, 16, 100, 10, 0);
  // The shapes of each pair fill a node in every dimension.
  model.shapes.assign(16, model.shapes[0]);
  for (uint32_t i = 0; i < 16; ++i) {
    model.replicas[i].shape = i;
    for (uint32_t d = 0; d < 100; ++d) {
      const int64_t one = 1 + (i / 2 * 7 + d * 3) % 9;
      model.shapes[i].demand[d] = i % 2 == 0 ? one : 10 - one;
    }
  }
  CHECK(least_found(model) == 0);
  model.shapes[3].demand[99] += 1;
  CHECK_FALSE(least_found(model));
}

TEST_CASE("Replicas that are all identical fill nodes to the brim") {
  CHECK(least_found(alike(50, 1000, 3, 60, 3)) == 0);
  CHECK_FALSE(least_found(alike(50, 1001, 3, 60, 3)));
}

TEST_CASE("Rules that nothing can keep are not kept") {
  const Model free = alike(4, 5, 1, 100, 1);
  CHECK(least_found(free) == 0);
  Model model = free;
  model.limits = {{0, 0, 1}}; // five on four nodes, no two together
  CHECK_FALSE(least_found(model));
  model.limits = {{0, 0, 0}};
  CHECK_FALSE(least_found(model));
  model = free;
  model.spreads = {{0, 0, 5}};
  CHECK_FALSE(least_found(model));
  model = free;
  model.node_sets = {{false, false, false, false}};
  model.shapes[0].allowed = 0;
  CHECK_FALSE(least_found(model));
  model = free;
  model.groups = 2; // the other has no members
  Near near;
  near.to = 1;
  model.nears = {near};
  CHECK_FALSE(least_found(model));
  // Near each other, and never on one node.
  model.replicas.assign(2, {});
  model.replicas[0].groups = {0};
  model.replicas[1].groups = {1};
  model.shapes[0].demand[0] = 60;
  CHECK_FALSE(least_found(model));
}

TEST_CASE("The largest demands are placed or refused, and none overflows") {
  CHECK(least_found(alike(20, 20, 4, most_amount, most_amount)) == 0);
  CHECK_FALSE(least_found(alike(20, 21, 4, most_amount, most_amount)));
  for (int64_t demand : {most_amount + 1, INT64_MAX, int64_t{-1}, INT64_MIN}) {
    const Model model = alike(2, 2, 1, most_amount, demand);
    CHECK(llvm::toString(check(model)) == "shape 0: a demand is negative or above 2^52");
  }
  // Each may be, their sum may not.
  CHECK(llvm::toString(check(alike(2, 300, 1, most_amount, most_amount))) ==
        "resource 0: demands or capacities sum to more than 2^60");
}
