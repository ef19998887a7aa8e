// Never two that lead at once, by their own clocks, whatever happens to them, to the store and on
// the way; and somebody leads soon where somebody can.
#include <catch2/catch.hpp>

#include "world.h"

using namespace nemo::lead;
using namespace nemo::lead::test;
using namespace std::chrono_literals;

TEST_CASE("one of them leads, and goes on leading") {
  World world(1, 3);
  world.run(5s);
  const size_t first = world.leader();
  REQUIRE(first < 3);
  CHECK(world.term(first) == 1);
  world.run(10min);
  CHECK(world.leader() == first);
  CHECK(world.term(first) == 1);
  CHECK(world.overlaps == 0);
}

TEST_CASE(
    "a leader that is killed is followed in less than two and a half seconds, by the next term") {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    World world(seed, 2 + seed % 2);
    world.run(5s + world.up_to(1s));
    const size_t first = world.leader();
    REQUIRE(first < world.size());
    world[first].alive = false;
    world.run(2'500ms);
    const size_t next = world.leader();
    INFO(seed);
    REQUIRE(next < world.size());
    CHECK(world.term(next) == 2);
    CHECK(world.overlaps == 0);
  }
}

TEST_CASE("what is given back is taken at once") {
  World world(2, 2);
  world.run(5s);
  const size_t first = world.leader();
  REQUIRE(first < 2);
  world[first].election.give_back();
  world.run(400ms);
  CHECK(world[first].election.has_left(world.clock(world[first])));
  CHECK(world.leader() == 1 - first);
  world.run(1min);
  CHECK(world.leader() == 1 - first);
  CHECK(world.overlaps == 0);
}

TEST_CASE("who was paused for longer than its lease does not lead when it goes on") {
  World world(3, 2);
  world.run(5s);
  const size_t first = world.leader();
  REQUIRE(first < 2);
  world.pause(first, 10s);
  world.run(10s);
  CHECK_FALSE(world.term(first));
  CHECK(world.leader() == 1 - first);
  world.run(1min);
  CHECK(world.term(1 - first) == 2);
  CHECK(world.overlaps == 0);
}

TEST_CASE("one alone leads again at once where nobody else could take over") {
  World world(4, 1);
  world.run(5s);
  REQUIRE(world.term(0) == 1);
  world.pause(0, 10s);
  world.run(10'200ms);
  CHECK(world.term(0) == 2);
}

TEST_CASE("nobody leads while the store is away, and one does when it is back") {
  World world(5, 3);
  world.run(5s);
  REQUIRE(world.leader() < 3);
  world.up = false;
  world.run(1s);
  CHECK(world.leader() < 3); // the lease holds
  world.run(2s);
  CHECK(world.leader() == 3);
  world.up = true;
  world.run(3s);
  CHECK(world.leader() < 3);
  CHECK(world.overlaps == 0);
}

TEST_CASE("an emptied store, or rubbish in it, is no reason to hurry") {
  for (const bool is_wiped : {true, false}) {
    World world(6, 3);
    world.run(5s);
    REQUIRE(world.leader() < 3);
    const uint64_t before = *world.term(world.leader());
    world.stored = {};
    if (!is_wiped)
      world.stored.revision = ++world.last;
    world.run(5s);
    REQUIRE(world.leader() < 3);
    CHECK(*world.term(world.leader()) > before);
    CHECK(world.overlaps == 0);
    CHECK(world.shared_terms == 0);
  }
}

TEST_CASE("a term is above what nodes have accepted, and a liar does not use the numbers up") {
  World world(7, 1);
  world[0].election.at_least(41);
  world.run(5s);
  CHECK(world.term(0) == 42);
  world[0].election.at_least(100); // while it leads
  world.run(200ms);
  CHECK(world.term(0) == 101);
  world[0].election.at_least(UINT64_MAX);
  world.run(200ms);
  REQUIRE(world.term(0));
  CHECK(*world.term(0) == Settings().most_token + 1);
}

TEST_CASE(
    "never two, with clocks that drift, pauses, a store that is away and answers that are lost") {
  size_t changes = 0, leading = 0;
  for (uint32_t seed = 1; seed <= 150; ++seed) {
    World world(seed, 2 + seed % 2);
    world.delay = std::vector<Ms>{2ms, 50ms, 300ms, 900ms}[seed % 4];
    world.lost_acks = seed % 3 == 0 ? 20 : 0;
    for (size_t i = 0; i < world.size(); ++i)
      world[i].ppm = i % 2 == 0 ? 1'000 : -1'000;
    for (int event = 0; event < 40; ++event) {
      world.run(world.up_to(4s));
      leading += world.leader() < world.size();
      const size_t one = world.below(world.size());
      switch (world.below(8)) {
      case 0:
        world.restart(one);
        break;
      case 1:
        world.pause(one, world.up_to(6s));
        break;
      case 2: // just then
        if (const size_t leader = world.leader(); leader < world.size())
          world.pause(leader, 1'500ms + world.up_to(1s));
        break;
      case 3:
        world.up = false;
        world.run(world.up_to(4s));
        world.up = true;
        break;
      case 4:
        world.stored = {};
        break;
      case 5:
        world.stored = {};
        world.stored.revision = ++world.last;
        break;
      case 6:
        world[one].election.give_back();
        world.run(world.up_to(1s));
        world.restart(one);
        break;
      default:
        break;
      }
    }
    INFO(seed);
    CHECK(world.overlaps == 0);
    CHECK(world.shared_terms == 0);
    changes += world.terms.size();
    if (world.delay < 300ms) {
      world.run(15s);
      CHECK(world.leader() < world.size());
    }
  }
  CHECK(changes > 1'000);
  CHECK(leading > 1'000);
}
