// What has a deadline is ended when it comes, by its supervisor, whoever is there to see it.
#include <csignal>
#include <ctime>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "place.h"

using namespace nemo::sandbox;

namespace {

int64_t boottime() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1'000'000;
}

/// Ignores what can be ignored, and has a child that does.
Spec stubborn(Place &place) {
  return place.shell("trap '' TERM INT HUP; (while :; do sleep 0.05; done) & "
                     "echo ready; while :; do sleep 0.05; done");
}

} // namespace

TEST_CASE("a deadline ends everything in the sandbox, and the record says so") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  Spec spec = stubborn(place);
  spec.deadline = boottime() + 1'200;
  const Started started = place.start(spec);
  CHECK(deadline_of(started.pidfd) == spec.deadline);
  REQUIRE(Place::said(spec, "ready"));
  const Ended end = place.wait(started, spec);
  CHECK(boottime() >= *spec.deadline);
  CHECK(end.deadline);
  CHECK(end.exit_code == 128 + SIGKILL);
  CHECK_FALSE(end.out_of_memory);
}

TEST_CASE("a deadline is put off, also by who has not started it, and never brought forward") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  Spec spec = stubborn(place);
  spec.deadline = boottime() + 1'000;
  const Started started = place.start(spec);
  const int64_t later = *spec.deadline + 1'000;
  const auto adopted = adopt(started.pid, started.start_time);
  REQUIRE(adopted);
  llvm::cantFail(extend(*adopted, later));
  llvm::cantFail(extend(*adopted, later - 500));
  CHECK(deadline_of(started.pidfd) == later);
  ::close(*adopted);
  CHECK(place.wait(started, spec).deadline);
  CHECK(boottime() >= later);
}

TEST_CASE("what starts after its deadline does not run on") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  Spec spec = stubborn(place);
  spec.deadline = boottime() - 1;
  auto started = start(spec, place.host());
  if (!started) {
    CHECK_FALSE(llvm::toString(started.takeError()).empty());
    return;
  }
  CHECK(place.wait(*started, spec).deadline);
  ::close(started->pidfd);
  clean(spec.id, place.host());
}

TEST_CASE("what ends before its deadline has ended as ever, and counts no process for it") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  Spec spec = place.spec({"true"});
  spec.deadline = boottime() + 60'000;
  if (place.host().can("limit.pids"))
    spec.pids = 1;
  const Ended end = place.run(spec);
  CHECK(end.exit_code == 0);
  CHECK_FALSE(end.deadline);
}

TEST_CASE("what has no deadline cannot be given one") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec = place.shell("echo ready; sleep 60");
  const Started started = place.start(spec);
  REQUIRE(Place::said(spec, "ready"));
  CHECK_FALSE(deadline_of(started.pidfd));
  CHECK(llvm::toString(extend(started.pidfd, boottime() + 1'000)).find("deadline") !=
        std::string::npos);
}
