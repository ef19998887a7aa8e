// A machine that counts is moved while it is asked.
#include <csignal>

#include <catch2/catch.hpp>

#include "base/error.h"
#include "pair.h"

using namespace nemo;
using migrate::Arrived;
using migrate::Left;
using test::Pair;
using test::status;

namespace {

void check_stayed(Pair &pair, const std::string &why) {
  INFO(pair.left->why);
  CHECK(pair.left->how == Left::How::kept);
  CHECK(pair.left->why.find(why) != std::string::npos);
  CHECK(pair.arrived->how == Arrived::How::dropped);
  CHECK(status(pair.here.control) == "running");
  CHECK(pair.rig.ask() > pair.last);
}

} // namespace

TEST_CASE("a machine goes on elsewhere with what it knew") {
  if (test::skipped())
    return;
  Pair pair;
  std::string order;
  pair.give_away = [&] {
    order += "given ";
    return llvm::Error::success();
  };
  pair.take = [&] {
    order += "taken";
    return llvm::Error::success();
  };
  pair.run();
  INFO(pair.left->why);
  CHECK(pair.left->how == Left::How::gone);
  CHECK(pair.left->bytes > 1u << 20);
  CHECK(pair.left->stood_still.count() > 0);
  CHECK(pair.arrived->how == Arrived::How::runs);
  CHECK(pair.arrived->bytes == pair.left->bytes);
  CHECK(order == "given taken");
  CHECK(status(pair.here.control) == "postmigrate");
  CHECK(status(pair.there.control) == "running");
  CHECK(pair.rig.ask() > pair.last);
}

TEST_CASE("one that is called off goes on where it was") {
  if (test::skipped())
    return;
  Pair pair;
  pair.terms.bytes_per_second = 1 << 20; // it would never end
  pair.terms.patience = 20'000;
  SECTION("by who began it") {
    pair.meanwhile = [](migrate::Leaving &leaving) { leaving.call_off("somebody else has it"); };
    pair.run();
    check_stayed(pair, "somebody else has it");
    CHECK(pair.arrived->why.find("stays where it was: somebody else") != std::string::npos);
  }
  SECTION("because it takes too long") {
    pair.terms.patience = 300;
    pair.run();
    check_stayed(pair, "within 300 ms");
  }
}

TEST_CASE("a machine that cannot be written off here, or down there, stays") {
  if (test::skipped())
    return;
  Pair pair;
  SECTION("here") {
    pair.give_away = [] { return failure("the disk is full"); };
    pair.run();
    check_stayed(pair, "the disk is full");
  }
  SECTION("there") {
    pair.take = [] { return failure("the disk is full"); };
    pair.run();
    check_stayed(pair, "refuses: the disk is full");
  }
  CHECK(status(pair.there.control) != "running");
}

TEST_CASE("a machine is not moved into one that waits for nobody") {
  if (test::skipped())
    return;
  Pair pair;
  ::kill(pair.there.process.pid(), SIGKILL); // gives its tap device back
  CHECK(pair.there.process.wait() == 128 + SIGKILL);
  pair.there = pair.rig.start(1, false, "");
  pair.run();
  check_stayed(pair, "does not wait for another");
}
