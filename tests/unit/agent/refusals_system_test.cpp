// What a sandbox refuses, as the agent counts and tells it: each attempt once, whoever restarts and
// whatever it is called meanwhile.
#include <catch2/catch.hpp>

#include <csignal>

#include "support.h"

using namespace nemo;
using namespace nemo::test;
using proto::Running;

namespace {

const char *attempt = "chroot /tmp true";

bool sees_refusals(const proto::Fleet &fleet) {
  for (const proto::Capability &capability : fleet.nodes(0).capabilities())
    if (capability.name() == "refusals")
      return can_sandbox(fleet) && capability.available();
  return false;
}

#define NEED_REFUSALS(agent)                                                                       \
  if (!sees_refusals((agent).observe())) {                                                         \
    WARN("this host cannot see what a sandbox refuses: not tested here");                          \
    return;                                                                                        \
  }

/// How many attempts of a workload the agent's events tell of.
uint64_t told(const AgentProcess &agent, const std::string &workload) {
  Connection connection = agent.connect();
  proto::BackendRequest request;
  request.set_version(1);
  request.mutable_watch()->set_until_now(true);
  connection.send(request);
  uint64_t times = 0;
  for (auto response = connection.receive(); response && response->has_event();
       response = connection.receive()) {
    const proto::Event &event = response->event();
    if (event.type() == "refusal" && event.instance().workload() == workload)
      times += event.count();
  }
  return times;
}

} // namespace

TEST_CASE("attempts are told once, also by the next agent and of the next run") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_REFUSALS(agent);
  proto::Part wanted = part();
  auto *instance =
      add(wanted, "tries", "aa01", std::string(attempt) + "; " + attempt + "; exec sleep 1000");
  instance->mutable_spec()->mutable_restart()->set_backoff_ms(100);
  REQUIRE(agent.deliver(wanted).has_delivered());
  const Running first =
      agent.until("tries", [](const Running &now) { return now.refusals() == 2; });
  agent.kill9();
  agent.start();
  CHECK(agent.until("tries", Running::RUNNING).refusals() == 2);
  REQUIRE(::kill(static_cast<pid_t>(first.pid()), SIGKILL) == 0);
  agent.until("tries",
              [](const Running &now) { return now.restarts() == 1 && now.refusals() == 2; });
  agent.kill9();
  agent.start();
  CHECK(agent.until("tries", Running::RUNNING).refusals() == 2);
  REQUIRE(agent.deliver(part()).has_delivered()); // at the end, what was not said yet is said
  REQUIRE(eventually([&] { return !find(agent.observe(), "tries"); }));
  CHECK(told(agent, "tries") == 4);
}

TEST_CASE("attempts go on being told under another name, and end with who made them") {
  TempDir dir;
  AgentProcess agent(dir / "state");
  NEED_REFUSALS(agent);
  const std::string again = std::string("while :; do ") + attempt + "; sleep 1; done";
  proto::Part before = part();
  add(before, "old", "aa01", again);
  add(before, "gone", "bb01", std::string(attempt) + "; exec sleep 1000");
  REQUIRE(agent.deliver(before).has_delivered());
  agent.until("gone", [](const Running &now) { return now.refusals() == 1; });
  agent.until("old", [](const Running &now) { return now.refusals() > 0; });
  proto::Part after = part();
  add(after, "new", "aa01", again)->set_renamed_from("old");
  REQUIRE(agent.deliver(after).has_delivered());
  REQUIRE(eventually([&] { return !find(agent.observe(), "gone"); }));
  add(after, "gone", "bb01", "exec sleep 1000");
  REQUIRE(agent.deliver(after).has_delivered());
  const pid_t pid = agent.pid();
  CHECK(eventually([&] { return told(agent, "new") > 0; }));
  CHECK(agent.until("gone", Running::RUNNING).refusals() == 0);
  CHECK(told(agent, "gone") == 1);
  CHECK(::kill(pid, 0) == 0);
}
