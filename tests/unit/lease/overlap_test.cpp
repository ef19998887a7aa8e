// Never two nodes that run it at once, whatever happens to agents, granters and messages; and one
// runs it soon where a majority of the granters can be asked.
#include <catch2/catch.hpp>

#include "world.h"

using namespace nemo::test;

namespace {

/// Something that happens now and then.
void disturb(World &world, uint64_t &token) {
  const size_t node = world.below(world.nodes.size()), granter = world.below(granters);
  switch (world.below(10)) {
  case 0:
    world.restart_agent(node);
    break;
  case 1:
    world.reboot(node);
    break;
  case 2:
    world.restart_granter(granter);
    break;
  case 3:
  case 4:
    world.cut(node, granter, true);
    break;
  case 5:
    for (size_t one = 0; one < granters; ++one)
      world.cut(node, one, true);
    break;
  case 6:
    for (size_t one = 0; one < world.nodes.size(); ++one)
      for (size_t other = 0; other < granters; ++other)
        world.cut(one, other, false);
    break;
  case 7:
    world.nodes[node].paused_until = world.now() + static_cast<Ticks>(world.below(12'000));
    break;
  case 8:
    world.unwant(node);
    break;
  case 9:
    world.want(node, ++token);
    break;
  }
}

void heal(World &world) {
  world.late = world.lost = world.doubled = 0;
  for (size_t node = 0; node < world.nodes.size(); ++node) {
    world.nodes[node].paused_until = 0;
    for (size_t granter = 0; granter < granters; ++granter)
      world.cut(node, granter, false);
  }
}

} // namespace

TEST_CASE("one node gets the lease at once and keeps it without a gap") {
  World world(1, 1);
  world.want(0, 1);
  world.run(600'000);
  CHECK(world.ran >= 600'000 - 2 * world.delay - 2);
  CHECK(world.nodes[0].starts == 1);
}

TEST_CASE("two nodes never run it at once, with drift, late, lost and doubled messages, restarts "
          "and cuts; and one runs it when all is well again") {
  Ticks ran = 0;
  size_t starts = 0;
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    INFO("seed " << seed);
    World world(seed, 2 + seed % 2);
    world.late = seed % 3 == 0 ? 300 : 30;
    world.lost = 30;
    world.doubled = 30;
    uint64_t token = 0;
    for (size_t node = 0; node < world.nodes.size(); ++node)
      world.want(node, ++token);
    for (int i = 0; i < 60; ++i) {
      world.run(static_cast<Ticks>(world.below(4'000)));
      disturb(world, token);
    }
    CHECK(world.overlap == 0);
    heal(world);
    world.want(seed % world.nodes.size(), ++token);
    world.run(longest_ms + 4 * usual_ms);
    CHECK(world.runs());
    CHECK(world.overlap == 0);
    ran += world.ran;
    for (const World::Node &node : world.nodes)
      starts += node.starts;
  }
  // So that it was not nothing that never overlapped.
  CHECK(ran > 150 * 30'000);
  CHECK(starts > 800);
}

TEST_CASE("the clocks that differ most: a holder that is slow, granters that are fast") {
  World world(7, 2);
  for (World::Grants &one : world.grants)
    one.clock.ppm = 1'000;
  world.nodes[0].clock.ppm = -1'000;
  world.nodes[1].clock.ppm = 1'000;
  world.delay = 0; // so that a granter counts from the sending, too
  world.want(0, 1);
  for (int i = 0; i < 200; ++i) {
    world.run(5'000 + i);
    const size_t now = world.runs().value_or(0), next = 1 - now;
    if (world.nodes[next].token == 0)
      world.want(next, static_cast<uint64_t>(i) + 2);
    // From one moment to the next, its agent is gone.
    world.nodes[now].holder.reset();
    world.nodes[now].token = 0;
    world.run(2 * usual_ms);
    CHECK(world.runs() == next);
  }
  CHECK(world.overlap == 0);
}

TEST_CASE("a node that is cut off stops by itself, and only then another starts") {
  World world(3, 2);
  world.want(0, 1);
  world.run(10'000);
  REQUIRE(world.runs() == 0u);
  for (size_t granter = 0; granter < granters; ++granter)
    world.cut(0, granter, true);
  world.want(1, 2);
  world.run(usual_ms + 100);
  CHECK(world.nodes[0].starts == 1);
  world.run(1'000);
  CHECK(world.runs() == 1u);
  heal(world);
  world.run(60'000);
  CHECK(world.runs() == 1u); // its token is the higher one
  CHECK(world.nodes[0].starts == 1);
  CHECK(world.overlap == 0);
}

TEST_CASE("one granter that is away or starts anew is not missed, two are") {
  World world(4, 1);
  world.want(0, 1);
  world.run(5'000);
  world.grants[1].granter.reset();
  world.run(60'000);
  CHECK(world.nodes[0].starts == 1);
  CHECK(world.runs() == 0u);
  world.grants[2].granter.reset();
  world.run(usual_ms + 100);
  CHECK_FALSE(world.runs());
  // Silent for the longest lease, in case they have granted one before.
  world.restart_granter(1);
  world.run(longest_ms - 500);
  CHECK_FALSE(world.runs());
  world.run(1'500);
  CHECK(world.runs() == 0u);
}

TEST_CASE("of two nodes that ask at once one gets it, also when a granter is away") {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    World world(seed, 2);
    world.grants[seed % granters].granter.reset();
    world.want(0, 1);
    world.want(1, 1);
    world.run(20'000);
    INFO("seed " << seed);
    CHECK(world.runs());
    CHECK(world.overlap == 0);
  }
}

TEST_CASE("what is given back is taken at once") {
  World world(5, 2);
  world.want(0, 1);
  world.run(5'000);
  world.want(1, 2);
  world.run(5'000);
  REQUIRE(world.runs() == 0u);
  world.unwant(0);
  world.run(500);
  CHECK(world.runs() == 1u);
  CHECK(world.overlap == 0);
}

TEST_CASE("an agent that starts anew keeps what its predecessor ran") {
  World world(6, 2);
  world.want(0, 1);
  world.want(1, 1);
  world.run(10'000);
  const size_t first = world.runs().value_or(9);
  REQUIRE(first < 2);
  for (int i = 0; i < 20; ++i) {
    world.restart_agent(first);
    world.run(3'000);
  }
  CHECK(world.runs() == first);
  CHECK(world.nodes[first].starts == 1);
  CHECK(world.overlap == 0);
}

TEST_CASE("on a slow network a lease counts from when it was asked for") {
  World world(8, 2);
  world.delay = 1'200;
  uint64_t token = 0;
  world.want(0, ++token);
  world.run(10'000);
  for (int i = 0; i < 100; ++i) {
    const size_t now = world.runs().value_or(i % 2 == 0 ? 0 : 1), next = 1 - now;
    world.want(next, ++token);
    for (size_t granter = 0; granter < granters; ++granter)
      world.cut(now, granter, true);
    world.run(4 * usual_ms);
    world.unwant(now);
    heal(world);
  }
  CHECK(world.overlap == 0);
  CHECK(world.ran > 800'000);
}
