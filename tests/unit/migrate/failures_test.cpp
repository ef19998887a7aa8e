// Each step of a move, and the wire cut or one of the machines killed just before it is told.
#include <csignal>
#include <functional>
#include <utility>

#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "pair.h"

using namespace nemo;
using migrate::Arrived;
using migrate::Kind;
using migrate::Left;
using test::Pair;
using test::status;

namespace {

constexpr std::pair<Kind, const char *> kSteps[] = {
    {Kind::ready, "ready"}, {Kind::memory, "memory"}, {Kind::end, "end"},
    {Kind::taken, "taken"}, {Kind::run, "run"},       {Kind::runs, "runs"}};

/// At the tenth frame of memory, and at the first of all others.
void at(Pair &pair, Kind step, std::function<bool()> act) {
  pair.on_frame = [step, act = std::move(act), seen = 0](Kind kind) mutable {
    if (kind != step || ++seen != (step == Kind::memory ? 10 : 1))
      return true;
    return act();
  };
}

void check_it_answers(Pair &pair) { CHECK(pair.rig.ask() > pair.last); }

/// A move for each step, at which something happens. \param happens  whether the frame is passed
/// on.
void each_step(const std::function<bool(Pair &)> &happens,
               const std::function<void(Pair &, Kind)> &judge) {
  if (test::skipped())
    return;
  for (const auto &[step, name] : kSteps)
    DYNAMIC_SECTION(name) {
      Pair pair;
      at(pair, step, [&] { return happens(pair); });
      pair.run();
      INFO(pair.left->why << "; " << pair.arrived->why);
      judge(pair, step);
    }
}

} // namespace

TEST_CASE("the wire is cut at each step") {
  each_step([](Pair &) { return false; },
            [](Pair &pair, Kind step) {
              const bool was_given = step == Kind::run || step == Kind::runs;
              CHECK(pair.left->how == (was_given ? Left::How::unknown : Left::How::kept));
              CHECK(status(pair.here.control) == (was_given ? "postmigrate" : "running"));
              CHECK(pair.arrived->how ==
                    (step == Kind::runs ? Arrived::How::runs : Arrived::How::dropped));
              const std::string there = status(pair.there.control);
              if (step == Kind::runs)
                CHECK(there == "running");
              else if (step == Kind::taken || step == Kind::run)
                CHECK(there == "paused");
              else
                CHECK(there != "running");
              if (step != Kind::run)
                check_it_answers(pair);
            });
}

TEST_CASE("the target is killed at each step") {
  each_step(
      [](Pair &pair) {
        ::kill(pair.there.process.pid(), SIGKILL);
        return true;
      },
      [](Pair &pair, Kind step) {
        CHECK(status(pair.there.control) == "ended");
        if (step == Kind::runs) { // it has run: what it knew has gone with it
          CHECK(pair.left->how == Left::How::gone);
          CHECK(pair.arrived->how == Arrived::How::runs);
          CHECK(status(pair.here.control) == "postmigrate");
        } else {
          CHECK(pair.arrived->how == Arrived::How::dropped);
          CHECK(pair.left->how == Left::How::kept);
          CHECK(status(pair.here.control) == "running");
          check_it_answers(pair);
        }
      });
}

TEST_CASE("the source is killed at each step") {
  each_step(
      [](Pair &pair) {
        ::kill(pair.here.process.pid(), SIGKILL);
        return true;
      },
      [](Pair &pair, Kind step) {
        CHECK(status(pair.here.control) == "ended");
        if (pair.arrived->how == Arrived::How::runs) { // all of it was there already
          CHECK((step == Kind::end || step == Kind::taken || step == Kind::run ||
                 step == Kind::runs));
          CHECK(pair.left->how == Left::How::gone);
          check_it_answers(pair);
        } else {
          CHECK(pair.arrived->how == Arrived::How::dropped);
          CHECK(pair.left->how == Left::How::kept);
          CHECK(pair.left->why.find("has ended") != std::string::npos);
        }
      });
}

TEST_CASE("one that stood still and is told that it was not wanted goes on") {
  if (test::skipped())
    return;
  Pair pair;
  at(pair, Kind::run, [] { return false; });
  pair.run();
  REQUIRE(pair.left->how == Left::How::unknown);
  auto loop = agent::Loop::create();
  REQUIRE(static_cast<bool>(loop));
  std::string problem = "not done";
  std::unique_ptr<migrate::Resuming> resuming;
  resuming = migrate::Resuming::start(**loop, pair.here.control, [&](llvm::Error error) {
    problem = llvm::toString(std::move(error));
    resuming.reset();
    (*loop)->stop();
  });
  REQUIRE_THAT(llvm::toString((*loop)->run()), Catch::Matchers::Equals(""));
  CHECK(problem.empty());
  CHECK(status(pair.here.control) == "running");
  check_it_answers(pair);
}

TEST_CASE("a target with another QEMU is refused for good, also where it speaks first") {
  if (test::skipped())
    return;
  bench::Rig rig(ECHO_IMAGE);
  bench::Rig::Machine here = rig.start(0, false);
  auto loop = agent::Loop::create();
  REQUIRE(static_cast<bool>(loop));
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const agent::Fd target(ends[1]);
  const std::string ready = to_frame(Kind::ready, "0.9.1");
  REQUIRE(::send(target.get(), ready.data(), ready.size(), 0) ==
          static_cast<ssize_t>(ready.size()));
  Left left;
  auto leaving = migrate::Leaving::start(**loop, here.control, agent::Fd(ends[0]), {},
                                         {[] { return llvm::Error::success(); },
                                          [&](Left outcome) {
                                            left = std::move(outcome);
                                            (*loop)->stop();
                                          }});
  REQUIRE_THAT(llvm::toString((*loop)->run()), Catch::Matchers::Equals(""));
  leaving.reset();
  CHECK(left.how == Left::How::kept);
  CHECK(left.never);
  CHECK_FALSE(left.began);
  CHECK(left.why.find("'0.9.1', and '") != std::string::npos);
  CHECK(left.why.find("''") == std::string::npos);
  CHECK(status(here.control) == "running");
}

TEST_CASE("a wire that is there and passes nothing on is given up") {
  if (test::skipped())
    return;
  Pair pair;
  pair.terms.silence = 1'000;
  pair.terms.patience = 3'000;
  SECTION("from the beginning") {
    pair.deaf = true;
    pair.run();
    CHECK(pair.left->why.find("did not come to its end within 3000 ms") != std::string::npos);
    CHECK(pair.left->how == Left::How::kept);
  }
  SECTION("in the middle") {
    at(pair, Kind::memory, [&] { return pair.deaf = true; });
    pair.run();
    CHECK(pair.left->why.find("within") != std::string::npos);
    CHECK(pair.left->how == Left::How::kept);
  }
  SECTION("when it was given away") {
    at(pair, Kind::run, [&] { return pair.deaf = true; });
    pair.run();
    INFO(pair.left->why << "; " << pair.arrived->why);
    CHECK(pair.left->why.find("did not say whether it runs") != std::string::npos);
    CHECK(pair.left->how == Left::How::unknown);
    CHECK(pair.arrived->how == Arrived::How::runs); // that word had been passed on
    CHECK(status(pair.here.control) == "postmigrate");
  }
  INFO(pair.left->why);
  if (pair.left->how == Left::How::kept) {
    CHECK(pair.arrived->how == Arrived::How::dropped);
    CHECK(status(pair.here.control) == "running");
  }
  check_it_answers(pair);
}
