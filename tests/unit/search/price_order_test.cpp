#include "compiler/placement/search/price_order.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "compiler/placement/search/random.h"
#include "random_model.h"

using namespace nemo::optimiser;
using nemo::optimiser::testing::Instance;
using nemo::optimiser::testing::random_instance;

namespace {

bool has_room(const State &state, uint32_t replica, uint32_t node) {
  const int64_t *left = state.node_row(node), *taken = state.tables().row(replica);
  return std::equal(taken, taken + state.tables().rooms, left, std::less_equal<>());
}

std::vector<uint32_t> visited(const PriceOrder &order, uint32_t replica, size_t most) {
  std::vector<uint32_t> out;
  order.visit(replica, [&](uint32_t node) {
    out.push_back(node);
    return out.size() < most;
  });
  return out;
}

} // namespace

TEST_CASE("Nodes with room are visited, all of them and no others, as placements change") {
  size_t without_room = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const Instance instance = random_instance(seed);
    const Tables tables(instance.model);
    State state(tables);
    PriceOrder order(state);
    Random random(seed);
    for (int step = 0; step < 200; ++step) {
      const uint32_t replica = random.below(tables.replicas), node = random.below(tables.nodes),
                     from = state.node_of(replica);
      if (from == node || !state.admits(replica, node))
        continue;
      state.shift(replica, node);
      order.update(state, node);
      if (from != nowhere)
        order.update(state, from);
      const uint32_t other = random.below(tables.replicas);
      std::vector<uint32_t> found = visited(order, other, tables.nodes + 1), expected;
      std::sort(found.begin(), found.end());
      for (uint32_t n = 0; n < tables.nodes; ++n)
        if (has_room(state, other, n))
          expected.push_back(n);
      REQUIRE(found == expected);
      without_room += tables.nodes - expected.size();
    }
  }
  CHECK(without_room > 0);
}

TEST_CASE("The cheapest node comes first, its share of the opening included") {
  Model model;
  model.nodes = 3;
  model.resources.resize(1);
  model.capacity = {10, 100, 10};
  model.safety = model.capacity;
  model.unit_price = {5 << 20, 4 << 20, 2 << 20};
  model.open_price = {0, 200, 90}; // ten replicas fit on the second, one on the others
  model.shapes.push_back({{10}, {}, UINT32_MAX, UINT32_MAX});
  model.replicas.resize(20);
  REQUIRE_FALSE(llvm::errorToBool(check(model)));
  const Tables tables(model);
  const State state(tables);
  // 50; 40 + 20; 20 + 90
  CHECK(visited(PriceOrder(state), 0, 5) == std::vector<uint32_t>{0, 1, 2});
  CHECK(visited(PriceOrder(state), 0, 2) == std::vector<uint32_t>{0, 1});
}
