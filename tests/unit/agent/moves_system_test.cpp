// A real machine that moves from one agent to another while it is asked.
#include <csignal>
#include <iostream>

#include <sched.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "two_nodes.h"

using namespace nemo;
using namespace nemo::agent;
using namespace nemo::test;
using migrate::Kind;
using proto::Running;

namespace {

proto::Instance echo() {
  proto::Instance instance;
  instance.set_workload("echo");
  instance.set_revision("aa01");
  proto::Spec &spec = *instance.mutable_spec();
  spec.set_sandbox("unikernel");
  spec.set_network("own");
  for (const char *word : {"/echo.elf", "port=7", "write=4M", "rate=16M"})
    spec.add_exec(word);
  spec.mutable_resources()->set_memory_bytes(uint64_t{128} << 20);
  proto::Port &port = *spec.add_ports();
  port.set_name("echo");
  port.set_number(7);
  proto::Mount &mount = *spec.add_mounts();
  mount.set_host_path(ECHO_IMAGE);
  mount.set_target("/echo.elf");
  mount.set_read_only(true);
  return instance;
}

proto::Instance leaving(const std::string &to) {
  proto::Instance one = echo();
  one.set_retiring(true);
  one.set_moves_to(to);
  return one;
}

proto::Instance coming(const std::string &from) {
  proto::Instance one = echo();
  one.set_moves_from(from);
  proto::Gate &gate = *one.add_start_after();
  gate.set_kind(proto::Gate::STOPPED);
  gate.set_workload("echo");
  gate.set_revision("aa01");
  gate.set_node(from);
  return one;
}

/// A machine on a that answers; false: skipped.
bool ready(Nodes &nodes) {
  const std::string why = ::geteuid() == 0 ? nodes.lacks() : "needs root";
  if (!why.empty()) {
    std::cout << "skipped: " << Catch::getResultCapture().getCurrentTestName() << ": " << why
              << std::endl;
    return false;
  }
  nodes.deliver(nodes.a, {echo()});
  REQUIRE(nodes.until([&] { return nodes.runs(nodes.a); }));
  nodes.listen_to(nodes.one(nodes.a));
  REQUIRE(nodes.until([&] { return nodes.count > 20; }));
  return true;
}

void move(Nodes &nodes) {
  nodes.deliver(nodes.a, {leaving("b")});
  nodes.deliver(nodes.b, {coming("a")});
}

/// It runs on b and goes on counting there.
void check_moved(Nodes &nodes, const Running &before) {
  REQUIRE(nodes.until([&] { return nodes.runs(nodes.b) && nodes.all(nodes.a).empty(); }));
  const uint64_t then = nodes.count;
  CHECK(nodes.until([&] { return nodes.count > then + 20; }));
  CHECK_FALSE(nodes.back);
  const Running after = nodes.one(nodes.b);
  INFO(after.reason());
  CHECK(after.uid() == before.uid());
  CHECK(after.since() == before.since());
  CHECK(after.started_at() == before.started_at());
  CHECK(after.addresses(0).address() == before.addresses(0).address());
  CHECK(nodes.said(nodes.a, "moved").find("moved live from a to b: stood still for") == 0);
  CHECK(nodes.said(nodes.b, "moved") == "moved live from a to b");
}

void own_network() {
  static const bool done = ::geteuid() == 0 && ::unshare(CLONE_NEWNET) == 0;
  (void)done;
}

} // namespace

TEST_CASE("a machine moves between agents and remains who it is") {
  own_network();
  Nodes nodes;
  if (!ready(nodes))
    return;
  const Running before = nodes.one(nodes.a);
  SECTION("at once, and back") {
    move(nodes);
    check_moved(nodes, before);
    nodes.deliver(nodes.a, {coming("b")});
    nodes.deliver(nodes.b, {leaving("a")});
    CHECK(nodes.until([&] { return nodes.runs(nodes.a) && nodes.all(nodes.b).empty(); }));
    const uint64_t then = nodes.count;
    CHECK(nodes.until([&] { return nodes.count > then + 20; }));
    CHECK_FALSE(nodes.back);
  }
  SECTION("as soon as the other node has been told") {
    nodes.deliver(nodes.a, {leaving("b")});
    CHECK(nodes.until([&] {
      return nodes.one(nodes.a).reason().find("not to come here from a, as far as") !=
             std::string::npos;
    }));
    CHECK(nodes.runs(nodes.a));
    nodes.deliver(nodes.b, {coming("a")});
    check_moved(nodes, before);
  }
}

TEST_CASE("a move that is cut at some step is made by another attempt") {
  own_network();
  Nodes nodes;
  if (!ready(nodes))
    return;
  const Running before = nodes.one(nodes.a);
  const Kind step =
      GENERATE(Kind::ready, Kind::memory, Kind::end, Kind::taken, Kind::run, Kind::runs);
  INFO("step " << static_cast<int>(step));
  bool cut = false;
  nodes.on_frame = [&](Kind kind) {
    if (kind != step || cut)
      return true;
    cut = true;
    return false;
  };
  move(nodes);
  check_moved(nodes, before);
  CHECK(cut);
  CHECK(nodes.streams >= 2);
}

TEST_CASE("the target's machine is killed on the way") {
  own_network();
  Nodes nodes;
  if (!ready(nodes))
    return;
  const Running before = nodes.one(nodes.a);
  bool killed = false;
  nodes.on_frame = [&](Kind kind) {
    if (kind == Kind::memory && !std::exchange(killed, true))
      ::kill(static_cast<pid_t>(nodes.one(nodes.b).pid()), SIGKILL);
    return true;
  };
  move(nodes);
  check_moved(nodes, before);
  CHECK(killed);
}

TEST_CASE("an agent that starts again in the middle knows whose the machine is") {
  own_network();
  Nodes nodes;
  if (!ready(nodes))
    return;
  const Running before = nodes.one(nodes.a);
  const Kind step = GENERATE(Kind::memory, Kind::taken, Kind::run, Kind::runs);
  const bool target = GENERATE(false, true);
  INFO("step " << static_cast<int>(step) << (target ? " target" : " source"));
  bool due = false, restarted = false;
  nodes.on_frame = [&](Kind kind) {
    if (kind != step || restarted)
      return !due;
    due = true;
    return false;
  };
  move(nodes);
  CHECK(nodes.until([&] { return due; }));
  Node &which = target ? nodes.b : nodes.a;
  nodes.stop(which);
  restarted = true;
  due = false;
  nodes.start(which);
  CHECK(nodes.until([&] { return nodes.runs(nodes.b) && nodes.all(nodes.a).empty(); }));
  const uint64_t then = nodes.count;
  CHECK(nodes.until([&] { return nodes.count > then + 20; }));
  CHECK_FALSE(nodes.back);
  CHECK(nodes.one(nodes.b).uid() == before.uid());
}

TEST_CASE("one that cannot come for good begins anew, and that is said") {
  own_network();
  Nodes nodes;
  if (!ready(nodes))
    return;
  int attempts = 0;
  nodes.on_frame = [&](Kind kind) { return kind != Kind::taken || ++attempts > 100; };
  move(nodes);
  CHECK(nodes.until([&] { return nodes.runs(nodes.b) && nodes.all(nodes.a).empty(); }));
  CHECK(attempts == 3);
  CHECK(nodes.said(nodes.a, "moved").find("could not move live from a to b") == 0);
  CHECK(nodes.said(nodes.a, "moved").find("what its memory held is lost") != std::string::npos);
}

TEST_CASE("what is taken back while it moves stays") {
  own_network();
  Nodes nodes;
  if (!ready(nodes))
    return;
  bool taken_back = false;
  nodes.on_frame = [&](Kind kind) {
    if (kind == Kind::memory && !std::exchange(taken_back, true)) {
      nodes.deliver(nodes.a, {echo()});
      nodes.deliver(nodes.b, {});
    }
    return true;
  };
  move(nodes);
  CHECK(
      nodes.until([&] { return taken_back && nodes.runs(nodes.a) && nodes.all(nodes.b).empty(); }));
  const uint64_t then = nodes.count;
  CHECK(nodes.until([&] { return nodes.count > then + 20; }));
  CHECK_FALSE(nodes.back);
}

TEST_CASE("offers that the desired state does not ask for are refused") {
  own_network();
  Nodes nodes;
  if (!ready(nodes))
    return;
  nodes.deliver(nodes.b, {coming("a")});
  proto::MoveOffer offer;
  offer.set_id(std::string(32, 'a'));
  offer.set_stack("t");
  offer.set_workload("echo");
  offer.set_revision("aa01");
  offer.set_uid(nodes.one(nodes.a).uid());
  offer.set_slot(77);
  offer.set_platform("tcg");
  offer.add_ports()->set_name("echo");
  offer.mutable_ports(0)->set_number(7);
  const auto refused = [&](const std::string &from, const std::string &why) {
    const Reception found = nodes.b.agent->receive(from, offer);
    INFO(found.why);
    CHECK(found.control.empty());
    CHECK(found.why.find(why) != std::string::npos);
    return found.never;
  };
  CHECK_FALSE(refused("c", "is not to come here from c"));
  const proto::MoveOffer good = offer;
  offer.set_revision("bb02");
  CHECK_FALSE(refused("a", "is not to come here from a"));
  for (const char *uid : {"", "../../../../etc/passwd-and-more-of-it..", "x"}) {
    offer = good;
    offer.set_uid(uid);
    CHECK(refused("a", "not one of an agent"));
  }
  offer = good;
  offer.set_slot(4'000'000'000);
  CHECK(refused("a", "not one of an agent"));
  offer = good;
  offer.set_id("short");
  CHECK(refused("a", "not one of an agent"));
  offer = good;
  offer.set_platform("kvm on another");
  CHECK(refused("a", "its processors are"));
  offer = good;
  offer.mutable_ports(0)->set_number(8);
  CHECK(refused("a", "its ports are not"));
  offer = good;
  proto::Instance late = coming("a");
  proto::Gate &gate = *late.add_start_after();
  gate.set_kind(proto::Gate::HEALTHY);
  gate.set_workload("echo");
  gate.set_replica(1);
  gate.set_node("c");
  nodes.deliver(nodes.b, {late});
  CHECK_FALSE(refused("a", "waits here for echo/1"));
}
