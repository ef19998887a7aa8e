#include <catch2/catch.hpp>

#include "compiler/placement/search/random.h"
#include "compiler/placement/search/state.h"
#include "random_model.h"

using namespace nemo::optimiser;
using nemo::optimiser::testing::Instance;
using nemo::optimiser::testing::random_instance;
using nemo::optimiser::testing::Size;

namespace {

// What the judge says of the state must be what the state says of itself.
void agree(const Instance &instance, const State &state) {
  const Evaluation judged = evaluate(instance.model, state.solution());
  REQUIRE(judged.total() == state.cost());
  INFO((judged.feasible() ? "" : judged.violations.front()));
  REQUIRE(judged.feasible() == (state.broken() == 0));
}

uint32_t random_node(const Instance &instance, Random &random) {
  const uint32_t node = random.below(instance.model.nodes + 1);
  return node == instance.model.nodes ? nowhere : node;
}

} // namespace

TEST_CASE("The planted assignments are feasible, and loading them keeps their cost") {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    Size size;
    size.kinds = seed % 2 == 0;
    const Instance instance = random_instance(seed, size);
    REQUIRE(!check(instance.model));
    REQUIRE(evaluate(instance.model, instance.planted).feasible());
    const Tables tables(instance.model);
    State state(tables);
    REQUIRE(state.load(instance.planted));
    REQUIRE(state.broken() == 0);
    agree(instance, state);
    CHECK(state.solution().devices_of == instance.planted.devices_of);
  }
}

TEST_CASE("After a million random moves the cost is that of the judge") {
  uint64_t moves = 0, swaps = 0, refused = 0;
  for (uint64_t seed = 1; moves < 1'000'000; ++seed) {
    Size size;
    size.resources = 1 + seed % 6;
    size.slack_percent = seed % 3 ? 40 : 300;
    size.kinds = seed % 4 < 2;
    const Instance instance = random_instance(seed, size);
    const Tables tables(instance.model);
    State state(tables);
    Random random(seed);
    if (seed % 2)
      state.load(instance.planted);
    for (int step = 0; step < 25'000; ++step) {
      const uint32_t replica = random.below(tables.replicas);
      const Cost before = state.cost();
      const int64_t broken = state.broken();
      if (step % 3 == 0) {
        const uint32_t other = random.below(tables.replicas);
        const uint32_t a = state.node_of(replica), b = state.node_of(other);
        if (a == nowhere || b == nowhere || a == b)
          continue;
        const Cost delta = state.swap_delta(replica, other);
        REQUIRE(state.cost() == before);
        if (!state.swap_fits(replica, other)) {
          ++refused;
          continue;
        }
        state.swap(replica, other);
        REQUIRE(state.cost() == before + delta);
        REQUIRE(state.broken() <= broken);
        ++swaps;
      } else {
        const uint32_t node = random_node(instance, random);
        if (node == state.node_of(replica))
          continue;
        // Rules may be broken on the way, limits and capacities may not.
        if (node != nowhere && !state.admits(replica, node)) {
          ++refused;
          continue;
        }
        const Cost delta = state.delta(replica, node);
        const int64_t strain = state.strain(replica, node);
        const bool missing = instance.model.replicas[replica].absence_price == must_be_placed;
        const bool was_nowhere = state.node_of(replica) == nowhere;
        state.shift(replica, node);
        REQUIRE(state.cost() == before + delta);
        REQUIRE(state.broken() ==
                broken + strain + (missing ? int{node == nowhere} - int{was_nowhere} : 0));
      }
      ++moves;
      if (step % 500 == 0)
        agree(instance, state);
    }
    agree(instance, state);
  }
  CHECK(swaps > 10'000);
  CHECK(refused > 10'000);
}

TEST_CASE("A swap is refused exactly when the judge refuses its result") {
  uint64_t allowed = 0, refused = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Size size;
    size.slack_percent = 60;
    size.groups = 3 + seed % 6;
    const Instance instance = random_instance(seed, size);
    const Tables tables(instance.model);
    State state(tables);
    REQUIRE(state.load(instance.planted));
    for (uint32_t one = 0; one < tables.replicas; ++one)
      for (uint32_t other = 0; other < one; ++other) {
        if (state.node_of(one) == state.node_of(other))
          continue;
        const bool fits = state.swap_fits(one, other);
        // Devices may be chosen otherwise than the judge is told here: leave their holders out.
        if (instance.model.shapes[instance.model.replicas[one].shape].devices.count > 0 ||
            instance.model.shapes[instance.model.replicas[other].shape].devices.count > 0)
          continue;
        Solution swapped = state.solution();
        std::swap(swapped.node_of[one], swapped.node_of[other]);
        REQUIRE(evaluate(instance.model, swapped).feasible() == fits);
        ++(fits ? allowed : refused);
      }
    agree(instance, state);
  }
  CHECK(allowed > 100);
  CHECK(refused > 100);
}

TEST_CASE("A move is refused exactly when the judge refuses its result") {
  uint64_t allowed = 0, refused = 0;
  for (uint64_t seed = 100; seed <= 130; ++seed) {
    const Instance instance = random_instance(seed);
    const Tables tables(instance.model);
    State state(tables);
    REQUIRE(state.load(instance.planted));
    for (uint32_t replica = 0; replica < tables.replicas; ++replica)
      for (uint32_t node = 0; node < tables.nodes; ++node) {
        if (state.node_of(replica) == node ||
            instance.model.shapes[instance.model.replicas[replica].shape].devices.count > 0)
          continue;
        Solution moved = state.solution();
        moved.node_of[replica] = node;
        const bool fits = state.fits(replica, node);
        REQUIRE(evaluate(instance.model, moved).feasible() == fits);
        ++(fits ? allowed : refused);
      }
  }
  CHECK(allowed > 100);
  CHECK(refused > 1000);
}

TEST_CASE("Tallies of few members in many domains count as dense ones do") {
  Tallies tallies;
  const uint32_t hashed = tallies.add_tally(1000, 6), dense = tallies.add_tally(1000, 600);
  std::vector<uint32_t> placed;
  Random random(5);
  for (int step = 0; step < 100'000; ++step) {
    if (placed.size() < 6 && random.below(2)) {
      placed.push_back(random.below(40) * 25);
      tallies.add(hashed, placed.back());
      tallies.add(dense, placed.back());
    } else if (!placed.empty()) {
      std::swap(placed[random.below(static_cast<uint32_t>(placed.size()))], placed.back());
      tallies.remove(hashed, placed.back());
      tallies.remove(dense, placed.back());
      placed.pop_back();
    }
    const uint32_t domain = random.below(40) * 25;
    REQUIRE(tallies.count(hashed, domain) ==
            static_cast<uint32_t>(std::count(placed.begin(), placed.end(), domain)));
    REQUIRE(tallies.count(hashed, domain) == tallies.count(dense, domain));
    REQUIRE(tallies.domains(hashed) == tallies.domains(dense));
  }
}

TEST_CASE("The judge sees a device that its holder may not have, and memory that it has not") {
  Model model;
  model.nodes = 1;
  model.devices = {{0, 1000, 40}, {0, 1000, 10}};
  model.device_sets = {{true, false}};
  model.shapes.resize(1);
  model.shapes[0].devices = {1, 500, 20, 0};
  model.replicas.resize(2);
  REQUIRE(!check(model));
  Solution both;
  both.node_of = {0, 0};
  both.devices_of = {1, 1};
  CHECK(evaluate(model, both).feasible());
  both.devices_of = {1, 2};
  CHECK(evaluate(model, both).violations.size() == 2);
  both.devices_of = {1, 1};
  model.devices[0].memory = 39;
  CHECK(evaluate(model, both).violations.size() == 1);
  const Tables tables(model);
  State state(tables);
  CHECK_FALSE(state.load(both));
  model.device_sets[0].pop_back();
  CHECK(bool(check(model)));
}
