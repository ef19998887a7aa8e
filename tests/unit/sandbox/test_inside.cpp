// Commands run later inside a running sandbox.
#include <cerrno>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "place.h"

using namespace nemo::sandbox;

namespace {

int inside(Place &place, const Started &started, const std::vector<std::string> &argv) {
  auto child = run_inside(started.pid, argv, {"PATH=/usr/bin:/bin"}, place.host());
  const std::string problem = child ? "" : llvm::toString(child.takeError());
  INFO(problem);
  REQUIRE(problem.empty());
  int status = 0;
  REQUIRE(::waitpid(child->pid, &status, 0) == child->pid);
  ::close(child->pidfd);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

TEST_CASE("a command runs in the sandbox, under the same restrictions") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  Spec spec = place.shell("echo mine > /tmp/mark; echo ready; sleep 1000");
  spec.working_directory = "/usr/share";
  spec.bind_tcp = {38123};
  const Started started = place.start(spec);
  REQUIRE(Place::said(spec, "ready"));
  CHECK(inside(place, started, {"true"}) == 0);
  CHECK(inside(place, started, {"sh", "-c", "exit 5"}) == 5);
  CHECK(inside(place, started,
               {"sh", "-c",
                "test $(cat /tmp/mark) = mine && test $(id -u) = 1000 && test $(pwd) = /usr/share "
                "&& test ! -e /root && grep -q 'CapBnd:.0000000000000000' /proc/self/status && "
                "grep -q 'NoNewPrivs:.1' /proc/self/status && test $(cat /proc/1/comm) = "
                "nemo-supervisor"}) == 0);
  if (place.host().can("seccomp")) {
    CHECK(inside(place, started, {"/trial", "mount"}) == EPERM);
    CHECK(inside(place, started, {"/trial", "unshare-user"}) == EPERM);
  }
  if (place.host().can("landlock.tcp")) {
    CHECK(inside(place, started, {"/trial", "bind", "38124"}) == EACCES);
    CHECK(inside(place, started, {"/trial", "bind", "38123"}) == 0);
  }
}

TEST_CASE("a command that cannot run says why") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec = place.spec({"sleep", "1000"});
  const Started started = place.start(spec);
  auto missing = run_inside(started.pid, {"no-such-program"}, {}, place.host());
  REQUIRE(!static_cast<bool>(missing));
  CHECK(llvm::toString(missing.takeError()) ==
        "exec no-such-program: no such program on PATH in the sandbox");
  REQUIRE(Place::send(started, SIGKILL));
  REQUIRE(finished(started.pidfd, 5000));
  auto late = run_inside(started.pid, {"true"}, {}, place.host());
  REQUIRE(!static_cast<bool>(late));
  CHECK_FALSE(llvm::toString(late.takeError()).empty());
}

TEST_CASE("a command inside counts against the sandbox's limits") {
  Place place;
  if (place.lacks("limit.pids"))
    return;
  Spec spec = place.spec({"sleep", "1000"});
  spec.pids = 8;
  const Started started = place.start(spec);
  CHECK(inside(place, started, {"/trial", "fork", "100"}) == EAGAIN);
}
