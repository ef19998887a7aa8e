#include <catch2/catch.hpp>

#include "world.h"

using namespace std::chrono_literals;

namespace nemo::health::test {

TEST_CASE("a node that dies is suspected, then dead, and says why") {
  World world(1, members(3, 1));
  world.run(5s);
  REQUIRE(world.state(1) == State::alive);
  world.node(1).up = false;
  const Ms died = world.now();
  world.run(2s);
  CHECK(world.when(1, State::suspect, died) < world.when(1, State::dead, died));
  CHECK(world.detector.lost_nodes() == std::vector<std::string>{"n1"});
  CHECK_THAT(world.detector.find("n1")->reason, Catch::StartsWith("no heartbeat for 0.9"));
  CHECK(world.state(0) == State::alive);
}

TEST_CASE("what was sent before is no life") {
  World world(2, members(4, 2));
  world.run(8s);
  world.node(2).up = false;
  const Ms died = world.now();
  const std::vector<Beat> old = world.sent;
  size_t next = 0;
  while (world.now() < died + 20s) {
    for (size_t end = std::min(next + 3, old.size()); next < end; ++next)
      CHECK(world.detector.hear(old[next], world.now()) == Heard::replayed);
    if (next == old.size())
      next = 0;
    world.run(10ms);
  }
  CHECK(world.when(2, State::dead, died) - died <= 1s);
  CHECK(world.when(2, State::returning, died) == Ms::max());
  CHECK(world.detector.find("n2")->replays > 0);
}

TEST_CASE("a broker that holds heartbeats back hides a death for no longer than a stall") {
  World world(3, members(4, 2));
  world.run(8s);
  world.node(0).up = false;
  const Ms died = world.now();
  // It has kept the last 3 s of the node to itself, as it seems, and doles them out now.
  const auto &node = world.node(0);
  for (int i = 1; world.now() < died + 3s; ++i) {
    const Beat late{node.name, node.boot_id, node.sequence + static_cast<uint64_t>(i),
                    died - node.boot_offset - 10ms + Ms(i)};
    CHECK(world.detector.hear(late, world.now()) == Heard::fresh);
    world.run(200ms);
  }
  CHECK(world.when(0, State::dead, died) - died <= 1'500ms);
  CHECK(world.when(0, State::returning, died) == Ms::max());
}

TEST_CASE("heartbeats of who is not expected are nobody's") {
  World world(4, members(2, 1));
  CHECK(world.detector.hear({"stranger", "b", 1, 1ms}, world.now()) == Heard::stranger);
  CHECK(world.detector.find("stranger") == nullptr);
}

TEST_CASE("a node that is back has to be stable, twice as long each time that it dies again") {
  Settings settings;
  settings.stable = 4s;
  settings.most_stable = 10s;
  settings.forget = 60s;
  World world(5, members(4, 1), settings);
  world.run(5s);
  for (const Ms needed : {4'000ms, 8'000ms, 10'000ms, 10'000ms}) {
    world.node(3).up = false;
    world.run(2s);
    REQUIRE(world.state(3) == State::dead);
    world.node(3).up = true;
    const Ms back = world.now();
    world.run(needed - 500ms);
    CHECK(world.state(3) == State::returning);
    CHECK(world.detector.lost_nodes().size() == 1);
    world.run(2s);
    CHECK(world.state(3) == State::alive);
    CHECK(world.when(3, State::alive, back) - back >= needed);
  }
  world.run(70s); // forgotten
  world.node(3).up = false;
  world.run(2s);
  world.node(3).up = true;
  const Ms back = world.now();
  world.run(6s);
  CHECK(world.when(3, State::alive, back) - back < 5s);
}

TEST_CASE("a node that pauses while it is watched starts its time anew") {
  Settings settings;
  settings.stable = 4s;
  World world(6, members(4, 1), settings);
  world.run(5s);
  world.node(0).up = false;
  world.run(2s);
  world.node(0).up = true;
  world.run(3s);
  world.node(0).stalled_until = world.node(0).next + 400ms;
  const Ms paused = world.now();
  world.run(8s);
  CHECK(world.when(0, State::alive, paused) - paused >= 4s);
  CHECK(world.state(0) == State::alive);
}

TEST_CASE("a reboot is a death, and the new boot a return") {
  World world(7, members(3, 1));
  world.run(5s);
  world.node(1).up = false;
  world.run(2s);
  world.node(1).up = true;
  world.node(1).boot_id = "second";
  world.node(1).boot_offset = world.now();
  world.run(1s);
  CHECK(world.state(1) == State::returning);
  CHECK(world.detector.hear({"n1", "first", 3, 1ms}, world.now()) == Heard::replayed);
}

TEST_CASE("a lost link of our own kills nobody, and gives them time to find it again") {
  World world(8, members(6, 2));
  world.run(5s);
  world.detector.connected(false, world.now());
  for (size_t i = 0; i < world.size(); ++i)
    world.node(i).cut = true;
  world.run(30s);
  CHECK(world.count(State::cut_off) == 0);
  world.detector.connected(true, world.now());
  world.run(1'500ms);
  for (size_t i = 0; i < world.size(); ++i)
    world.node(i).cut = i == 0; // one died meanwhile
  world.run(3s);
  CHECK(world.state(0) == State::dead);
  CHECK(world.count(State::dead) == 1);
}

TEST_CASE("a pause of our own costs the next death no time") {
  World world(17, members(4, 1));
  world.run(5s);
  world.pause_controller(6s);
  world.run(7s);
  CHECK(world.count(State::dead) == 0);
  world.node(2).up = false;
  const Ms died = world.now();
  world.run(2s);
  CHECK(world.when(2, State::dead, died) - died <= 1s);
}

TEST_CASE("partitions are told as such") {
  SECTION("a site") {
    World world(9, members(8, 2));
    world.run(5s);
    for (size_t i = 0; i < 8; i += 2)
      world.node(i).cut = true;
    world.run(3s);
    CHECK(world.detector.find("n0")->reason ==
          "the whole site s0 is silent at once: taken for a partition");
    CHECK(world.state(1) == State::alive);
  }
  SECTION("more than a fifth of ten") {
    World world(10, members(10, 1));
    world.run(5s);
    for (size_t i = 0; i < 3; ++i)
      world.node(i).cut = true;
    world.run(3s);
    CHECK(world.detector.find("n0")->reason ==
          "3 of 10 nodes are silent at once: taken for a partition");
    // When all but one are back, that one is dead after all.
    world.node(0).cut = world.node(1).cut = false;
    world.run(4s);
    CHECK(world.detector.lost_nodes() == std::vector<std::string>{"n2"});
  }
  SECTION("two of nine are two deaths, and a site of one node is that node") {
    std::vector<Member> nine = members(9, 1);
    nine[0].site = "alone";
    World world(11, nine);
    world.run(5s);
    world.node(0).up = world.node(1).up = false;
    world.run(1s);
    CHECK(world.detector.lost_nodes() == std::vector<std::string>{"n0", "n1"});
  }
  SECTION("everybody") {
    World world(12, members(3, 3));
    world.run(5s);
    for (size_t i = 0; i < 3; ++i)
      world.node(i).cut = true;
    world.run(3s);
    CHECK(world.detector.find("n1")->reason == "nobody is heard: taken for a partition");
  }
}

TEST_CASE("deaths that follow each other quickly are held once they are too many") {
  World world(13, members(10, 1));
  world.run(5s);
  for (size_t i = 0; i < 3; ++i) {
    world.node(i).up = false;
    world.run(1'200ms);
  }
  CHECK(world.detector.lost_nodes().size() == 2);
  CHECK(world.state(2) == State::cut_off);
  world.run(10s); // the first two have long been gone: this is one node
  CHECK(world.detector.lost_nodes().size() == 3);
}

TEST_CASE("a restless way takes patience, and no death is missed on it") {
  World world(14, members(3, 1));
  world.run(3s);
  for (int i = 0; i < 40; ++i) {
    world.node(0).path_stalled_until = world.now() + 480ms;
    world.run(700ms);
  }
  world.node(0).path_stalled_until = world.now() + 900ms;
  world.run(2s);
  CHECK(world.count(State::dead) == 0);
  world.node(0).up = false;
  world.run(3'200ms);
  CHECK(world.state(0) == State::dead);
}

TEST_CASE("nodes that beat slowly are known for it") {
  World world(15, members(3, 1));
  for (size_t i = 0; i < 3; ++i)
    world.node(i).interval = 700ms; // from the start
  world.run(20s);
  CHECK(world.count(State::dead) == 0);
  world.node(2).up = false;
  const Ms died = world.now();
  world.run(4s);
  CHECK(world.when(2, State::dead, died) - died <= 2'500ms);
}

TEST_CASE("who joins has time to be heard, who leaves is forgotten") {
  World world(16, members(2, 1));
  world.run(5s);
  std::vector<Member> more = members(2, 1);
  more.push_back({"new", "s0"});
  world.detector.expect(more, world.now());
  world.run(1'500ms);
  CHECK(world.detector.find("new")->state == State::suspect);
  world.run(1'500ms);
  CHECK(world.detector.find("new")->state == State::dead);
  world.detector.expect(members(2, 1), world.now());
  CHECK(world.detector.find("new") == nullptr);
  CHECK(world.detector.lost_nodes().empty());
}

TEST_CASE("who begins to listen finds a node dead that died before") {
  World world(18, members(4, 1));
  world.node(2).up = false;
  world.run(4s);
  CHECK(world.detector.lost_nodes() == std::vector<std::string>{"n2"});
  CHECK_THAT(world.detector.find("n2")->reason, Catch::StartsWith("never heard"));
  CHECK(world.count(State::alive) == 3);
}

TEST_CASE("of those that died before, one after another, the fleet says that they did") {
  for (const bool is_site : {false, true}) {
    const size_t sites = is_site ? 4 : 1;
    auto began = [&](bool are_replaced) {
      std::vector<Member> all = members(12, sites);
      World world(19, all);
      for (size_t i = 0; i < 12; i += 4) { // a whole site, or three of twelve
        world.node(i).up = false;
        all[i].replaced = are_replaced;
      }
      world.detector.expect(all, world.now());
      world.run(10s);
      CHECK(world.count(State::alive) == 9);
      return world.count(State::dead);
    };
    CHECK(began(true) == 3);
    CHECK(began(false) == 0); // they may be cut off, and run what they ran
  }
}

TEST_CASE("what the fleet says of a node's replicas kills nobody who is heard") {
  std::vector<Member> all = members(12, 1);
  World world(20, all);
  world.run(5s);
  for (size_t i = 0; i < 3; ++i) {
    all[i].replaced = true;
    world.node(i).cut = true;
  }
  world.detector.expect(all, world.now());
  world.run(5s);
  CHECK(world.count(State::cut_off) == 3);
}

} // namespace nemo::health::test
