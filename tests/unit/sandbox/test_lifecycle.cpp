// Start, signals, end, adoption, cleaning.
#include <csignal>
#include <cstring>
#include <filesystem>
#include <set>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "place.h"

using namespace nemo::sandbox;

TEST_CASE("every ability is either there or says why not") {
  Place place;
  std::set<std::string> names;
  for (const Ability &ability : place.host().abilities) {
    INFO(ability.name << ": " << ability.reason);
    CHECK(names.insert(ability.name).second);
    CHECK(ability.available == ability.reason.empty());
  }
  for (const char *name :
       {"sandbox.process", "namespace.user", "network.own", "limit.memory", "limit.cpu",
        "limit.pids", "seccomp", "landlock.files", "landlock.tcp", "usage.cgroup"})
    CHECK(names.count(name) == 1);
  CHECK(std::filesystem::is_empty(place.directory()));
}

TEST_CASE("exit codes and signals are recorded") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  CHECK(place.run(place.spec({"true"})).exit_code == 0);
  const Ended three = place.run(place.shell("exit 3"));
  CHECK(three.exit_code == 3);
  CHECK_FALSE(three.out_of_memory);
  CHECK(three.unix_ns > 1600000000000000000);
  CHECK(place.run(place.shell("kill -SEGV $$")).exit_code == 128 + SIGSEGV);
  CHECK(place.run(place.shell("kill -KILL $$")).exit_code == 128 + SIGKILL);
}

TEST_CASE("a signal reaches the workload; SIGKILL ends everything and records nothing") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec polite =
      place.shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done");
  const Started started = place.start(polite);
  REQUIRE(Place::said(polite, "ready"));
  CHECK_FALSE(finished(started.pidfd));
  CHECK_FALSE(ended(polite.exit_path));
  REQUIRE(Place::send(started, SIGTERM));
  CHECK(place.wait(started, polite).exit_code == 7);
  CHECK(Place::output(polite) == "ready\nbye\n");

  const Spec stubborn = place.shell("trap '' TERM; echo ready; while :; do sleep 1; done");
  const Started second = place.start(stubborn);
  REQUIRE(Place::said(stubborn, "ready"));
  REQUIRE(Place::send(second, SIGTERM));
  CHECK_FALSE(finished(second.pidfd, 100));
  REQUIRE(Place::send(second, SIGKILL));
  CHECK(finished(second.pidfd, 5000));
  CHECK_FALSE(ended(stubborn.exit_path));
}

TEST_CASE("what the workload leaves running ends with it, and orphans are reaped") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec =
      place.shell("(sleep 0.05 & sleep 1000 &) ; sleep 0.3; ps -eo stat,args; exit 4");
  CHECK(place.run(spec).exit_code == 4);
  const std::string seen = Place::output(spec);
  CHECK(seen.find("sleep 1000") != std::string::npos);
  CHECK(seen.find("defunct") == std::string::npos);
}

TEST_CASE("a start that fails says which step and why, and leaves nothing") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const auto check = [&](Spec spec, const std::string &expected) {
    const std::string message = place.failure_of(spec);
    INFO(message);
    CHECK(message.find(expected) != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(spec.exit_path));
    CHECK_FALSE(std::filesystem::exists(spec.exit_path + ".tmp"));
    for (const std::string *base : {&place.host().memory_directory, &place.host().cpu_directory,
                                    &place.host().pids_directory, &place.host().cpuacct_directory})
      if (!base->empty())
        CHECK_FALSE(std::filesystem::exists(*base + "/" + spec.id));
  };
  check(place.spec({"no-such-program"}), "exec no-such-program: no such program on PATH");
  check(place.spec({"/usr/bin/no-such-program"}), "exec /usr/bin/no-such-program: No such file");
  check(place.spec({"/etc/passwd"}), "exec /etc/passwd: Permission denied");
  Spec spec = place.spec({"true"});
  spec.working_directory = "/nowhere";
  check(spec, "working directory /nowhere: No such file");
  spec = place.spec({"true"});
  spec.binds.push_back({"/no/such/source", "/data"});
  check(spec, "mount /no/such/source: No such file");
  spec = place.spec({"true"});
  spec.secrets = {{"token", place.directory() + "/no-secret"}};
  check(spec, "secret token: ");
}

TEST_CASE("a spec that means something else than it says is refused") {
  Place place;
  const auto refused = [&](auto change, const std::string &expected) {
    Spec spec = place.spec({"true"});
    change(spec);
    const std::string message = place.failure_of(spec);
    INFO(message);
    CHECK(message.find(expected) != std::string::npos);
  };
  refused([](Spec &s) { s.id = "../escape"; }, "cannot name a sandbox");
  refused([](Spec &s) { s.id = ".."; }, "cannot name a sandbox");
  refused([](Spec &s) { s.id.clear(); }, "cannot name a sandbox");
  refused([](Spec &s) { s.argv.clear(); }, "no program");
  refused([](Spec &s) { s.argv.push_back(std::string("a\0b", 3)); }, "zero byte");
  refused([](Spec &s) { s.environment = {"NOVALUE"}; }, "NAME=value");
  refused([](Spec &s) { s.binds = {{"/usr/../root", "/x"}}; }, "mount source");
  refused([](Spec &s) { s.binds = {{"/usr", "/x/../proc"}}; }, "mount target");
  for (const char *own : {"/", "/proc", "/proc/sys", "/dev/shm", "/usr", "/etc", "/run/secrets/a"})
    refused([own](Spec &s) { s.binds = {{"/usr", own}}; }, "the sandbox's own");
  refused([](Spec &s) { s.secrets = {{"../x", "/etc/passwd"}}; }, "secret");
  refused([](Spec &s) { s.user_slot = kUserSlots; }, "user slot");
  refused([](Spec &s) { s.working_directory = "relative"; }, "absolute");
}

TEST_CASE("a sandbox survives the process that started it and is adopted by another") {
  Place place;
  if (place.lacks("sandbox.process"))
    return;
  const Spec spec = place.shell("echo one; sleep 0.4; echo two; exit 9");
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t agent = ::fork();
  REQUIRE(agent >= 0);
  if (agent == 0) {
    auto started = start(spec, place.host());
    if (!started)
      ::_exit(1);
    (void)!::write(ends[1], &*started, sizeof(pid_t));
    (void)!::write(ends[1], &started->start_time, sizeof started->start_time);
    ::kill(::getpid(), SIGKILL);
  }
  pid_t pid = 0;
  uint64_t start_time = 0;
  REQUIRE(::read(ends[0], &pid, sizeof pid) == sizeof pid);
  REQUIRE(::read(ends[0], &start_time, sizeof start_time) == sizeof start_time);
  ::close(ends[0]);
  ::close(ends[1]);
  ::waitpid(agent, nullptr, 0);
  CHECK_FALSE(adopt(pid, start_time + 1));
  const auto pidfd = adopt(pid, start_time);
  REQUIRE(pidfd);
  CHECK(finished(*pidfd, 10000));
  const auto how = ended(spec.exit_path);
  REQUIRE(how);
  CHECK(how->exit_code == 9);
  CHECK(Place::output(spec) == "one\ntwo\n");
  ::close(*pidfd);
  clean(spec.id, place.host());
}

TEST_CASE("only a whole, regular record is believed") {
  Place place;
  const std::string path = place.directory() + "/exit";
  CHECK_FALSE(ended(path));
  Place::write(path, "exit 3 oom 1 at 1700000000000000000   \n");
  REQUIRE(ended(path));
  CHECK(ended(path)->exit_code == 3);
  CHECK(ended(path)->out_of_memory);
  for (const char *bad : {"", "exit", "exit 3 oom 0 at", "exit 300 oom 0 at 1",
                          "exit -1 oom 0 at 1", "exit x oom 0 at 1", "exit 3 oom 0 at 1 more"}) {
    Place::write(path, bad);
    CHECK_FALSE(ended(path));
  }
  Place::write(path + ".real", "exit 3 oom 0 at 1\n");
  std::filesystem::remove(path);
  std::filesystem::create_symlink(path + ".real", path);
  CHECK_FALSE(ended(path));
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK_FALSE(ended(path));
}

TEST_CASE("cleaning leaves no control group and can be repeated") {
  Place place;
  if (place.lacks("limit.pids"))
    return;
  Spec spec = place.spec({"sleep", "1000"});
  spec.pids = 10;
  const Started started = place.start(spec);
  CHECK(std::filesystem::exists(place.host().pids_directory + "/" + spec.id));
  clean(spec.id, place.host()); // as after a crash: it still runs
  CHECK(finished(started.pidfd, 5000));
  CHECK_FALSE(std::filesystem::exists(place.host().pids_directory + "/" + spec.id));
  clean(spec.id, place.host());
  CHECK_FALSE(adopt(started.pid, started.start_time));
}
