#include "pair.h"

#include <atomic>
#include <iostream>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace nemo::test {

bool skipped() {
  const std::string why = bench::Rig::lacks(ECHO_IMAGE);
  if (!why.empty())
    std::cout << "skipped: " << Catch::getResultCapture().getCurrentTestName() << ": " << why
              << std::endl;
  return !why.empty();
}

std::string status(const std::string &control) {
  auto loop = agent::Loop::create();
  REQUIRE(static_cast<bool>(loop));
  std::string result = "ended";
  auto monitor = migrate::Monitor::connect(
      **loop, control, 2000, {[](auto, const auto &) {}, [&](std::string) { (*loop)->stop(); }});
  if (!monitor) {
    llvm::consumeError(monitor.takeError());
    return result;
  }
  (*monitor)->execute("query-status", {}, [&](auto answer) {
    REQUIRE(static_cast<bool>(answer));
    result = answer->getString("status").value_or("").str();
    (*loop)->stop();
  });
  REQUIRE_THAT(llvm::toString((*loop)->run()), Catch::Matchers::Equals(""));
  return result;
}

Pair::Pair(const std::string &words)
    : rig(ECHO_IMAGE), here(rig.start(0, false, words)), there(rig.start(1, true, words)) {
  last = rig.ask();
}

void Pair::move() {
  auto loop = agent::Loop::create();
  REQUIRE(static_cast<bool>(loop));
  int a[2], b[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, a) == 0);
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, b) == 0);
  Wire wire(**loop, a[1], b[1], on_frame, deaf);
  std::unique_ptr<migrate::Leaving> leaving;
  std::unique_ptr<migrate::Arriving> arriving;
  const auto over = [&] {
    if (left && arrived)
      (*loop)->stop();
  };
  arriving = migrate::Arriving::start(**loop, there.control, agent::Fd(b[0]), terms,
                                      {[&] { return take(); },
                                       [&](migrate::Arrived result) {
                                         arrived = std::move(result);
                                         arriving.reset();
                                         over();
                                       }});
  leaving = migrate::Leaving::start(**loop, here.control, agent::Fd(a[0]), terms,
                                    {[&] { return give_away(); },
                                     [&](migrate::Left result) {
                                       left = std::move(result);
                                       leaving.reset();
                                       over();
                                     }});
  if (meanwhile)
    (*loop)->at(agent::ticks() + 200, [&] {
      if (leaving)
        meanwhile(*leaving);
    });
  REQUIRE_THAT(llvm::toString((*loop)->run()), Catch::Matchers::Equals(""));
}

void Pair::run() {
  const bool waits = status(there.control) == "inmigrate";
  std::atomic<bool> over = false;
  std::thread mover([&] {
    move();
    over = true;
  });
  bool back = false;
  while (!over) {
    rig.send();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    while (const auto count = rig.receive()) {
      back |= *count <= last;
      last = *count;
    }
  }
  mover.join();
  CHECK_FALSE(back);
  CHECK_FALSE((waits && status(here.control) == "running" && status(there.control) == "running"));
}

} // namespace nemo::test
