// A machine that counts is moved while it is asked.
#include <atomic>
#include <csignal>
#include <functional>
#include <iostream>
#include <thread>

#include <catch2/catch.hpp>

#include "bench/fleet/rig.h"
#include "runtime-agent/migrate/live.h"

using namespace nemo;
using bench::Rig;

namespace {

bool skipped() {
  const std::string why = Rig::lacks(ECHO_IMAGE);
  if (!why.empty())
    std::cout << "skipped: " << Catch::getResultCapture().getCurrentTestName() << ": " << why
              << std::endl;
  return !why.empty();
}

std::string status(migrate::Monitor &monitor) {
  auto answer = monitor.execute("query-status");
  REQUIRE(static_cast<bool>(answer));
  return answer->getString("status").value_or("").str();
}

/// Asks all along while `work` is done elsewhere. \returns the last counter; none may go back.
uint64_t ask_while(Rig &rig, const std::function<void()> &work) {
  std::atomic<bool> over = false;
  std::thread worker([&] {
    work();
    over = true;
  });
  uint64_t last = 0;
  bool back = false;
  while (!over) {
    rig.send();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    while (const auto count = rig.receive()) {
      back |= *count <= last;
      last = *count;
    }
  }
  worker.join();
  CHECK_FALSE(back);
  return last;
}

std::string text_of(llvm::Expected<migrate::Moved> &moved) {
  return moved ? "" : llvm::toString(moved.takeError());
}

} // namespace

TEST_CASE("a machine goes on elsewhere with what it knew") {
  if (skipped())
    return;
  Rig rig(ECHO_IMAGE);
  Rig::Machine here = rig.start(0, false, "write=16M");
  const uint64_t before = rig.ask();
  Rig::Machine there = rig.start(1, true, "write=16M");
  std::string problem = "it did not begin";
  const uint64_t meanwhile = ask_while(rig, [&] {
    auto moved = migrate::move(here.monitor, there.monitor, rig.channel(), {});
    problem = text_of(moved);
  });
  CHECK(problem.empty());
  CHECK(status(here.monitor) == "postmigrate");
  CHECK(status(there.monitor) == "running");
  CHECK(rig.ask() > std::max(before, meanwhile));
}

TEST_CASE("one that is called off goes on where it was") {
  if (skipped())
    return;
  Rig rig(ECHO_IMAGE);
  Rig::Machine here = rig.start(0, false, "write=16M");
  const uint64_t before = rig.ask();
  Rig::Machine there = rig.start(1, true, "write=16M");
  std::atomic<bool> cancel = false;
  migrate::Options slow;
  slow.bytes_per_second = 1 << 20; // it would never end
  slow.cancel = &cancel;
  std::string problem;
  SECTION("by who began it") {
    std::thread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      cancel = true;
    });
    auto moved = migrate::move(here.monitor, there.monitor, rig.channel(), slow);
    problem = text_of(moved);
    later.join();
    CHECK(problem.find("cancelled") != std::string::npos);
  }
  SECTION("because it takes too long") {
    slow.patience = std::chrono::milliseconds(200);
    auto moved = migrate::move(here.monitor, there.monitor, rig.channel(), slow);
    problem = text_of(moved);
    CHECK(problem.find("within 200 ms") != std::string::npos);
  }
  SECTION("by the end of the target") {
    std::thread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      ::kill(there.process.pid(), SIGKILL);
    });
    auto moved = migrate::move(here.monitor, there.monitor, rig.channel(), slow);
    problem = text_of(moved);
    later.join();
  }
  CHECK(problem.find("the source runs on") != std::string::npos);
  CHECK(status(here.monitor) == "running");
  CHECK(rig.ask() > before);
}

TEST_CASE("a machine is not moved into one that waits for nobody") {
  if (skipped())
    return;
  Rig rig(ECHO_IMAGE);
  Rig::Machine here = rig.start(0, false), there = rig.start(1, false);
  auto moved = migrate::move(here.monitor, there.monitor, rig.channel(), {});
  CHECK(text_of(moved).find("does not wait") != std::string::npos);
  CHECK(status(here.monitor) == "running");
}
