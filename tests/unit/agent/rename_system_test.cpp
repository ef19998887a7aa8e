// New names for what runs, with the real agent and real processes.
#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>

#include "support.h"

using namespace nemo;
using namespace nemo::test;
using proto::Running;

namespace {

#define NEED_SANDBOX(agent)                                                                        \
  if (!can_sandbox((agent).observe())) {                                                           \
    WARN("this host has no process sandbox: not tested here");                                     \
    return;                                                                                        \
  }

const char *counting = "echo start >> /data/starts; wc -l < /data/starts; exec sleep 1000";

proto::Part with_volume(const std::string &name, const std::string &before = {}) {
  proto::Part wanted = part();
  proto::Instance *instance = add(wanted, name, "aa01", counting);
  proto::Mount *mount = instance->mutable_spec()->add_mounts();
  mount->set_volume("data");
  mount->set_target("/data");
  instance->set_renamed_from(before);
  return wanted;
}

size_t count(const std::vector<std::string> &lines, const std::string &text) {
  return static_cast<size_t>(std::count(lines.begin(), lines.end(), text));
}

} // namespace

TEST_CASE("what runs gets a new name and notices nothing") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
  REQUIRE(agent.deliver(with_volume("old")).has_delivered());
  const Running before = agent.until("old", Running::RUNNING);
  REQUIRE(eventually([&] { return count(agent.log("t", "old"), "1") == 1; }));
  Connection watcher = agent.connect();
  proto::BackendRequest watch;
  watch.set_version(1);
  watch.mutable_watch();
  watcher.send(watch);
  REQUIRE(agent.deliver(with_volume("new", "old")).has_delivered());
  const Running after = agent.until("new", Running::RUNNING);
  CHECK(after.pid() == before.pid());
  CHECK(after.started_at() == before.started_at());
  CHECK(after.uid() == before.uid());
  CHECK(after.restarts() == 0);
  CHECK(!find(agent.observe(), "old"));
  bool told = false;
  while (!told) {
    const auto response = watcher.receive();
    REQUIRE(response);
    told = response->event().type() == "renamed" && response->event().message() == "was old/0" &&
           response->event().instance().workload() == "new";
  }
  CHECK(count(agent.log("t", "new"), "1") == 1);
  CHECK(agent.log("t", "old").empty());
  SECTION("delivered again, also by an agent that was killed in between, it stays as it is") {
    agent.kill9();
    agent.start();
    CHECK(agent.until("new", Running::RUNNING).pid() == before.pid());
    REQUIRE(agent.deliver(with_volume("new", "old")).has_delivered());
    CHECK(agent.until("new", Running::RUNNING).pid() == before.pid());
  }
  SECTION("its volume is with it when it starts again") {
    ::kill(static_cast<pid_t>(before.pid()), SIGKILL);
    CHECK(agent.until("new", [&](const Running &now) { return now.restarts() == 1; }).uid() ==
          before.uid());
    CHECK(eventually([&] { return count(agent.log("t", "new"), "2") == 1; }));
    CHECK(std::filesystem::exists(dir / "state/volumes/t/new/0/data/starts"));
    CHECK_FALSE(std::filesystem::exists(dir / "state/volumes/t/old"));
  }
  SECTION("its end is seen, and what it leaves is removed") {
    proto::Part empty = part();
    REQUIRE(agent.deliver(empty).has_delivered());
    CHECK(eventually([&] { return agent.observe().running().empty(); }));
    CHECK(::kill(static_cast<pid_t>(before.pid()), 0) != 0);
  }
}

TEST_CASE("a name that is taken is not given away") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
  proto::Part both = part();
  add(both, "old", "aa01", "exec sleep 1000");
  add(both, "new", "bb01", "exec sleep 1000");
  REQUIRE(agent.deliver(both).has_delivered());
  const pid_t old = static_cast<pid_t>(agent.until("old", Running::RUNNING).pid());
  agent.until("new", Running::RUNNING);
  proto::Part next = part();
  add(next, "new", "aa01", "exec sleep 1000")->set_renamed_from("old");
  const auto refused = agent.deliver(next);
  CHECK(refused.error().code() == proto::BackendError::INVALID);
  CHECK(refused.error().message().find("old/0 cannot become new/0") != std::string::npos);
  CHECK(agent.until("old", Running::RUNNING).pid() == old);
}

TEST_CASE("a delivery that takes away what is protected is refused as a whole") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_SANDBOX(agent);
  proto::Part wanted = part();
  add(wanted, "db", "aa01", "exec sleep 1000")->set_protect(true);
  REQUIRE(agent.deliver(wanted).has_delivered());
  const Running before = agent.until("db", Running::RUNNING);
  CHECK(before.protect());
  for (const bool take_over : {false, true}) {
    const auto refused = agent.deliver(part(), take_over);
    CHECK(refused.error().code() == proto::BackendError::PROTECTED);
    CHECK(refused.error().holder() == "db/0");
    CHECK(refused.error().message().find("nemo unprotect db --stack t") != std::string::npos);
  }
  agent.kill9(); // it is in the journal, not in the agent's head
  agent.start();
  CHECK(agent.deliver(part()).error().code() == proto::BackendError::PROTECTED);
  // It crashes and is restarted like any other.
  ::kill(static_cast<pid_t>(before.pid()), SIGKILL);
  const Running again =
      agent.until("db", [](const Running &now) { return now.restarts() == 1 && now.healthy(); });
  CHECK(again.protect());
  proto::BackendRequest lift;
  lift.set_version(1);
  *lift.mutable_deliver()->mutable_part() = wanted;
  lift.mutable_deliver()->mutable_part()->mutable_instances(0)->set_protect(false);
  lift.mutable_deliver()->set_expected_generation(1);
  Connection client = agent.connect();
  CHECK(client.ask(lift).error().code() == proto::BackendError::PROTECTED);
  lift.mutable_deliver()->add_unprotect("db");
  REQUIRE(client.ask(lift).has_delivered());
  CHECK(agent.until("db", [](const Running &now) { return !now.protect(); }).pid() == again.pid());
  CHECK(agent.deliver(part()).has_delivered());
}
