// What is promised, on many random courses of events: no stall of half a second is a death, every
// death is known within a second, no partition evicts anybody.
#include <catch2/catch.hpp>

#include <algorithm>
#include <numeric>

#include "world.h"

using namespace std::chrono_literals;

namespace nemo::health::test {

namespace {

/// Stalls of nodes and of their ways, each up to 500 ms, a node's seconds apart.
void restless(World &world, Ms time, const std::vector<size_t> &nodes) {
  std::vector<Ms> calm_until(world.size());
  for (const Ms end = world.now() + time; world.now() < end; world.run(20ms)) {
    const size_t index = nodes[world.below(nodes.size())];
    if (world.now() < calm_until[index] || world.below(4) != 0)
      continue;
    const Ms length = 1ms + world.up_to(499ms);
    World::Node &node = world.node(index);
    (world.below(2) == 0 ? node.stalled_until : node.path_stalled_until) = world.now() + length;
    calm_until[index] = world.now() + length + 5s;
  }
}

std::vector<size_t> shuffled(World &world, size_t size) {
  std::vector<size_t> order(size);
  std::iota(order.begin(), order.end(), size_t{0});
  for (size_t i = size; i > 1; --i)
    std::swap(order[i - 1], order[world.below(i)]);
  return order;
}

} // namespace

TEST_CASE("stalls of up to 500 ms are no deaths, nor are pauses of the controller") {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    World world(seed, members(2 + seed % 9, 1 + seed % 3));
    world.run(3s);
    REQUIRE(world.detector.lost_nodes().empty());
    const auto all = shuffled(world, world.size());
    for (int round = 0; round < 4; ++round) {
      restless(world, 6s, all);
      world.run(1s);
      if (round % 2 == 0)
        world.pause_controller(1ms + world.up_to(8s));
    }
    CHECK(world.count(State::dead) == 0);
  }
}

TEST_CASE("a way to everybody that stalls for 500 ms is no death and no partition") {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    World world(seed, members(12, 3));
    world.run(5s);
    const size_t before = world.count(State::cut_off);
    for (int round = 0; round < 3; ++round) {
      for (size_t i = 0; i < world.size(); ++i)
        world.node(i).path_stalled_until = world.now() + 500ms;
      world.run(4s);
    }
    CHECK(world.count(State::dead) == 0);
    CHECK(world.count(State::cut_off) == before);
  }
}

TEST_CASE("every death is known within a second, and only the dead are") {
  Ms slowest{};
  for (uint32_t seed = 1; seed <= 80; ++seed) {
    CAPTURE(seed);
    // Either as many die as may, or others stall meanwhile: with these they would be too many.
    const bool quiet = seed % 2 == 0;
    const size_t size = quiet ? 4 + seed % 37 : 20 + seed % 11;
    World world(seed, members(size, 1 + seed % 2));
    world.run(5s);
    const auto order = shuffled(world, size);
    const size_t dying = quiet && size >= 10 ? size / 5 : 1;
    restless(world, 5s, order);
    world.run(1s);
    std::vector<Ms> died(size, Ms::max());
    for (size_t k = 0; k < dying; ++k) {
      world.node(order[k]).up = false;
      died[order[k]] = world.now();
      world.run(world.up_to(700ms)); // at once, or one after the other
    }
    if (quiet)
      world.run(10s);
    else
      restless(world, 10s, {order[1], order[2]});
    for (size_t i = 0; i < size; ++i) {
      CAPTURE(i);
      const Ms known = world.when(i, State::dead, Ms(0));
      if (died[i] == Ms::max()) {
        CHECK(known == Ms::max());
        continue;
      }
      REQUIRE(known != Ms::max());
      CHECK(known >= died[i]);
      CHECK(known - died[i] <= 1s);
      slowest = std::max(slowest, known - died[i]);
    }
  }
  CHECK(slowest > 600ms); // else a stall would have been one
}

TEST_CASE("partitions evict nobody, however they heal") {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const size_t size = 10 + seed % 21, sites = 2 + seed % 4;
    World world(seed, members(size, sites));
    world.run(5s);
    std::vector<size_t> cut;
    if (seed % 2 == 0) { // a site
      const std::string site = "s" + std::to_string(world.below(sites));
      for (size_t i = 0; i < size; ++i)
        if (world.node(i).site == site)
          cut.push_back(i);
    } else { // more than a fifth, anywhere
      cut = shuffled(world, size);
      const size_t least = size / 5 + 1;
      cut.resize(least + world.below(size - least + 1));
    }
    for (size_t index : cut)
      world.node(index).cut = true;
    world.run(3s + world.up_to(20s));
    for (size_t index : cut)
      CHECK(world.state(index) == State::cut_off);
    for (size_t index : cut) { // one by one, within what it takes to find the broker again
      world.run(Ms(static_cast<int64_t>(1'200 / cut.size())));
      world.node(index).cut = false;
    }
    world.run(3s);
    CHECK(world.count(State::dead) == 0);
    for (size_t i = 0; i < size; ++i)
      CHECK(world.state(i) == State::alive);
  }
}

} // namespace nemo::health::test
