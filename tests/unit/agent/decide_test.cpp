// What to do next, over hand-made states: no process, no clock.
#include <catch2/catch.hpp>

#include "runtime-agent/core/check.h"
#include "runtime-agent/core/decide.h"
#include "runtime-agent/core/facts.h"

using namespace nemo;
using namespace nemo::agent;

namespace {

Item item(const std::string &workload, const std::string &revision, Phase phase,
          const proto::Instance *desired) {
  Item one;
  one.key = {"s", workload, 0, revision};
  one.phase = phase;
  one.desired = desired;
  return one;
}

/// That a node takes.
proto::Part part_of_one() {
  proto::Part part;
  part.set_stack("s");
  part.set_node("n1");
  proto::Instance *one = part.add_instances();
  one->set_workload("w");
  one->set_revision("ab");
  one->mutable_spec()->add_exec("/bin/true");
  one->mutable_spec()->set_sandbox("process");
  return part;
}

proto::Gate gate(proto::Gate::Kind kind, const std::string &workload,
                 const std::string &revision = {}) {
  proto::Gate one;
  one.set_kind(kind);
  one.set_workload(workload);
  one.set_revision(revision);
  return one;
}

std::vector<Step::Kind> kinds(const std::vector<Item> &items, Ticks now = 0) {
  std::vector<Step::Kind> kinds;
  for (const Step &step : decide(items, now).steps)
    kinds.push_back(step.kind);
  return kinds;
}

using Kinds = std::vector<Step::Kind>;

} // namespace

TEST_CASE("each phase, desired, retiring and not desired") {
  proto::Instance wanted, retiring;
  retiring.set_retiring(true);
  const Phase all[] = {Phase::waiting, Phase::live, Phase::backoff, Phase::exited, Phase::failed};
  for (const Phase phase : all) {
    const Kinds gone = phase == Phase::live ? Kinds{Step::stop} : Kinds{Step::forget};
    CHECK(kinds({item("w", "a", phase, nullptr)}) == gone);
    CHECK(kinds({item("w", "a", phase, &retiring)}) == gone);
  }
  CHECK(kinds({item("w", "a", Phase::waiting, &wanted)}) == Kinds{Step::start});
  for (const Phase phase :
       {Phase::live, Phase::exited, Phase::failed, Phase::stopping, Phase::launching})
    CHECK(kinds({item("w", "a", phase, &wanted)}).empty());
}

TEST_CASE("time starts what waits and kills what does not end") {
  proto::Instance wanted;
  for (const Phase phase : {Phase::backoff, Phase::failed}) {
    Item one = item("w", "a", phase, &wanted);
    one.until = 100;
    CHECK(kinds({one}, 99).empty());
    CHECK(decide({one}, 99).wake == Ticks{100});
    CHECK(kinds({one}, 100) == Kinds{Step::start});
  }
  Item stopping = item("w", "a", Phase::stopping, nullptr);
  stopping.until = 100;
  CHECK(decide({stopping}, 99).wake == Ticks{100});
  CHECK(kinds({stopping}, 100) == Kinds{Step::kill});
  stopping.killed = true;
  CHECK(kinds({stopping}, 200).empty());
}

TEST_CASE("what moves live leaves when its turn has come, and is not started beside itself") {
  proto::Instance leaves, comes, plain;
  leaves.set_retiring(true);
  leaves.set_moves_to("b");
  *leaves.add_stop_after() = gate(proto::Gate::HEALTHY, "db");
  Item one = item("w", "a", Phase::live, &leaves);
  one.move_at = 100;
  Item db = item("db", "a", Phase::live, &plain);
  CHECK(kinds({one, db}, 100).empty());
  db.healthy = true;
  CHECK(kinds({one, db}, 99).empty());
  CHECK(decide({one, db}, 99).wake == Ticks{100});
  const Decision turn = decide({one, db}, 100);
  REQUIRE(turn.steps.size() == 1);
  CHECK(turn.steps[0] == Step{Step::move, one.key, "b"});
  one.move_at.reset(); // it cannot, or has failed too often
  CHECK(kinds({one, db}, 100) == Kinds{Step::stop});

  one.phase = Phase::leaving;
  one.moves_to = "b";
  CHECK(kinds({one, db}).empty());
  one.moves_to = "c";
  CHECK(kinds({one, db}) == Kinds{Step::call_off});
  one.desired = &plain;
  CHECK(kinds({one, db}) == Kinds{Step::call_off});
  one.desired = nullptr;
  CHECK(kinds({one, db}) == Kinds{Step::call_off});
  one.phase = Phase::given;
  CHECK(kinds({one, db}).empty()); // the other node has the word

  comes.set_moves_from("a");
  *comes.add_start_after() = gate(proto::Gate::STOPPED, "w");
  comes.mutable_start_after(0)->set_node("a");
  Item coming = item("w", "a", Phase::waiting, &comes);
  const Decision waits = decide({coming}, 0, "b");
  REQUIRE(waits.steps.size() == 1);
  CHECK(waits.steps[0] == Step{Step::hold, coming.key, "waits for it to come from a"});
  coming.phase = Phase::arriving;
  CHECK(kinds({coming}).empty());
  coming.desired = nullptr;
  CHECK(kinds({coming}) == Kinds{Step::call_off});
}

TEST_CASE("one that is on its way has not stopped, and serves until it is given away") {
  proto::Instance wanted;
  const proto::Gate stopped = gate(proto::Gate::STOPPED, "w"),
                    healthy = gate(proto::Gate::HEALTHY, "w");
  for (const auto &[phase, serves] :
       {std::pair(Phase::leaving, true), std::pair(Phase::given, false),
        std::pair(Phase::arriving, false)}) {
    Item one = item("w", "a", phase, &wanted);
    one.healthy = true;
    CHECK_FALSE(holds(stopped, "s", {one}));
    CHECK(holds(healthy, "s", {one}) == serves);
  }
}

TEST_CASE("gates hold back starts and stops") {
  proto::Instance behind, old, fresh;
  *behind.add_start_after() = gate(proto::Gate::HEALTHY, "db", "a");
  Item db = item("db", "a", Phase::live, &fresh);
  const Item web = item("web", "a", Phase::waiting, &behind);
  CHECK(kinds({db, web}) == Kinds{Step::hold});
  CHECK(decide({db, web}, 0).steps[0].reason == "waits until db/0 is healthy");
  db.healthy = true;
  CHECK(kinds({db, web}) == Kinds{Step::start});
  db.key.stack = "another";
  CHECK(kinds({db, web}) == Kinds{Step::hold});
  Item admitted = web;
  admitted.admitted = true;
  CHECK(kinds({admitted}) == Kinds{Step::start});
  Item job = item("db", "a", Phase::exited, &fresh);
  CHECK(kinds({job, web}) == Kinds{Step::hold});
  job.succeeded = true;
  CHECK(kinds({job, web}) == Kinds{Step::start});

  old.set_retiring(true);
  *old.add_stop_after() = gate(proto::Gate::HEALTHY, "web", "b");
  Item successor = item("web", "b", Phase::live, &fresh);
  const Item retiring = item("web", "a", Phase::live, &old);
  CHECK(kinds({retiring, successor}).empty());
  successor.healthy = true;
  CHECK(kinds({retiring, successor}) == Kinds{Step::stop});

  *fresh.add_start_after() = gate(proto::Gate::STOPPED, "web", "a");
  const Item second = item("web", "b", Phase::waiting, &fresh);
  CHECK(kinds({item("web", "a", Phase::stopping, &old), second}) == Kinds{Step::hold});
  CHECK(kinds({second}) == Kinds{Step::start});
}

TEST_CASE("restarts follow the policy and wait longer each time") {
  proto::Restart restart;
  restart.set_backoff_ms(100);
  restart.set_backoff_max_ms(350);
  for (const auto &[streak, wait] :
       std::vector<std::pair<uint32_t, Ticks>>{{0, 100}, {1, 200}, {2, 350}, {50, 350}})
    CHECK(after_exit(restart, {1, false}, streak, 10, 1000, 0).until == 1000 + wait);
  CHECK(after_exit(restart, {1, false}, 9, 3500, 0, 0).streak == 1);
  CHECK(after_exit(restart, {1, false}, 0, 0, 0, 1).until == Ticks{125});
  CHECK(after_exit(restart, {0, false}, 0, 0, 0, 0).phase == Phase::backoff);
  restart.set_policy(proto::Restart::ON_FAILURE);
  CHECK(after_exit(restart, {0, false}, 0, 0, 0, 0).phase == Phase::exited);
  CHECK(after_exit(restart, {std::nullopt, false}, 0, 0, 0, 0).phase == Phase::backoff);
  CHECK(after_exit(restart, {137, true}, 0, 0, 0, 0).reason ==
        "ended because it needed more memory than its limit");
  restart.set_policy(proto::Restart::NEVER);
  CHECK(after_exit(restart, {139, false}, 0, 0, 0, 0).phase == Phase::exited);
  CHECK(!after_failure(restart, "why", 0, 0, 0).until);
}

TEST_CASE("health needs one success to begin and several failures to end") {
  proto::Health check;
  check.set_failures(2);
  check.set_grace_ms(1000);
  Health health = after_check(check, {}, false, 500);
  CHECK((!health.healthy && health.failures == 0));
  health = after_check(check, health, true, 600);
  CHECK(health.healthy);
  health = after_check(check, health, false, 700);
  CHECK(health.healthy);
  health = after_check(check, health, false, 800);
  CHECK((!health.healthy && health.unhealthy));
  CHECK(after_check(check, health, true, 900).healthy);
}

TEST_CASE("what waits for another node waits until that node has said so") {
  proto::Instance wanted;
  proto::Gate stopped = gate(proto::Gate::STOPPED, "db", "a"),
              healthy = gate(proto::Gate::HEALTHY, "db");
  stopped.set_node("n2");
  healthy.set_node("n2");
  proto::Running there;
  there.set_stack("s");
  there.set_workload("db");
  there.set_revision("a");
  auto starts = [&](const Others &others, bool ran_before = false) {
    Item one = item("w", "a", Phase::waiting, &wanted);
    one.ran_before = ran_before;
    const Decision decision = decide({one}, 0, "n1", others);
    REQUIRE(decision.steps.size() == 1);
    return decision.steps.front().kind == Step::start;
  };
  auto in_state = [&](proto::Running::State state) {
    there.set_state(state);
    return Others{{"n2", {there}}};
  };
  *wanted.add_start_after() = stopped;
  CHECK_FALSE(starts({}));
  CHECK_FALSE(starts({{"n3", {}}}));
  CHECK(starts({{"n2", {}}}));
  for (const auto state :
       {proto::Running::RUNNING, proto::Running::STARTING, proto::Running::UNHEALTHY,
        proto::Running::STOPPING, proto::Running::UNKNOWN})
    CHECK_FALSE(starts(in_state(state)));
  CHECK(starts(in_state(proto::Running::STOPPED)));
  there.set_revision("b"); // another one is not waited for
  CHECK(starts(in_state(proto::Running::RUNNING)));

  wanted.clear_start_after();
  *wanted.add_start_after() = healthy;
  CHECK_FALSE(starts({{"n2", {}}}));
  CHECK_FALSE(starts(in_state(proto::Running::STARTING)));
  CHECK(starts(in_state(proto::Running::RUNNING)));
  there.set_exit_code(1);
  CHECK_FALSE(starts(in_state(proto::Running::EXITED)));
  there.set_exit_code(0);
  CHECK(starts(in_state(proto::Running::EXITED)));
  there.set_stack("t");
  CHECK_FALSE(starts(in_state(proto::Running::RUNNING)));
  // After a boot without a network.
  CHECK(starts({}, true));

  // What retires serves on until its successor elsewhere does.
  proto::Instance retiring;
  retiring.set_retiring(true);
  *retiring.add_stop_after() = healthy;
  const Item old = item("w", "a", Phase::live, &retiring);
  there.set_stack("s");
  CHECK(decide({old}, 0, "n1", {}).steps.empty());
  CHECK(decide({old}, 0, "n1", in_state(proto::Running::RUNNING)).steps.size() == 1);
}

TEST_CASE("a part that waits for another node is for a member of a fleet") {
  proto::Part part = part_of_one();
  proto::Instance *one = part.mutable_instances(0);
  *one->add_start_after() = gate(proto::Gate::HEALTHY, "db");
  one->mutable_start_after(0)->set_node("n2");
  CHECK(llvm::errorToBool(check(part, "n1")));
  CHECK_FALSE(llvm::errorToBool(check(part, "n1", /*in_fleet=*/true)));
  one->mutable_start_after(0)->set_node("../n2");
  CHECK(llvm::errorToBool(check(part, "n1", /*in_fleet=*/true)));
}

TEST_CASE("a part that moves something names another node") {
  proto::Part part = part_of_one();
  proto::Instance *one = part.mutable_instances(0);
  const auto refused = [&] { return llvm::errorToBool(check(part, "n1", /*in_fleet=*/true)); };
  one->set_moves_from("n2");
  CHECK_FALSE(refused());
  for (const char *node : {"n1", "../n2", "N 2"}) {
    one->set_moves_from(node);
    CHECK(refused());
  }
  one->set_moves_from("n2");
  one->set_retiring(true);
  CHECK(refused());
  one->clear_moves_from();
  one->set_moves_to("n2");
  CHECK_FALSE(refused());
  one->set_retiring(false);
  CHECK(refused());
}

TEST_CASE("a hostile part is refused whole") {
  proto::Part part;
  part.set_stack("../x");
  CHECK(llvm::errorToBool(check(part, "local")));
  part.set_stack("s");
  CHECK(!llvm::errorToBool(check(part, "local")));
  proto::Instance *one = part.add_instances();
  one->set_workload("w");
  one->set_revision("ab");
  one->mutable_spec()->add_exec("/bin/true");
  one->mutable_spec()->set_sandbox("process");
  CHECK(!llvm::errorToBool(check(part, "local")));
  const auto refused = [&](auto change) {
    proto::Part changed = part;
    change(*changed.mutable_instances(0));
    return llvm::errorToBool(check(changed, "local"));
  };
  CHECK(refused([](auto &i) { i.set_workload("a/b"); }));
  CHECK(refused([](auto &i) { i.set_revision("../../etc"); }));
  CHECK(refused([](auto &i) { i.mutable_spec()->clear_exec(); }));
  CHECK(refused([](auto &i) { i.mutable_spec()->set_exec(0, std::string("a\0b", 3)); }));
  CHECK(refused([](auto &i) { i.mutable_spec()->set_sandbox("container"); }));
  CHECK(refused([](auto &i) { i.mutable_spec()->set_stop_signal("STOP"); }));
  CHECK(refused([](auto &i) { i.mutable_spec()->add_mounts()->set_target("/x"); }));
  CHECK(refused([](auto &i) {
    auto *mount = i.mutable_spec()->add_mounts();
    mount->set_target("/x/../y");
    mount->set_volume("v");
  }));
  for (const char *kind : {"", "replicated", "external", "remote"}) {
    const auto keeps = [&](auto &i) {
      auto *mount = i.mutable_spec()->add_mounts();
      mount->set_target("/x");
      mount->set_volume("v");
      mount->set_kind(kind);
    };
    INFO("volumes of kind '" << kind << "'");
    CHECK(refused(keeps) == (*kind != 0));
  }
  CHECK(refused([](auto &i) { i.add_start_after(); }));
  CHECK(refused([](auto &i) { i.mutable_spec()->mutable_health()->set_kind(proto::Health::TCP); }));
  part.set_node("elsewhere");
  CHECK(llvm::errorToBool(check(part, "local")));
}

TEST_CASE("a uid says when it was minted") {
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const std::string uid = new_uid();
  INFO(uid);
  REQUIRE(minted(uid));
  CHECK(*minted(uid) >= now);
  CHECK(new_uid() != uid);
  CHECK_FALSE(minted("f81d4fae-7dec-41d0-a765-00a0c91e6bf6")); // of another version
  CHECK_FALSE(minted(""));
  CHECK(minted("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") == std::chrono::milliseconds(1645557742000));
}

TEST_CASE("a job waits for its time, and the clock is looked at again meanwhile") {
  proto::Instance job;
  job.set_start_at("2026-11-25T03:00:00Z");
  Item one = item("nightly", "a", Phase::waiting, &job);
  one.not_before = 5'000;
  Decision decision = decide({one}, 4'000);
  CHECK(kinds({one}, 4'000) == Kinds{Step::hold});
  CHECK(decision.steps[0].reason == "waits until 2026-11-25T03:00:00Z");
  CHECK(decision.wake == 5'000);
  CHECK(kinds({one}, 5'000) == Kinds{Step::start});
  one.not_before = 100'000'000;
  CHECK(*decide({one}, 4'000).wake < 100'000);
}

TEST_CASE("what is held back goes on as it was, ends as it has to, and starts nothing new") {
  const std::string why = "the desired state has expired";
  proto::Instance service, job, retiring;
  job.mutable_spec()->mutable_restart()->set_policy(proto::Restart::NEVER);
  retiring.set_retiring(true);
  auto held = [&](Phase phase, const proto::Instance *desired, bool ran) {
    Item one = item("w", "a", phase, desired);
    one.held_back = why;
    one.ran_before = ran;
    one.until = phase == Phase::backoff || phase == Phase::failed ? std::optional<Ticks>(100)
                                                                  : std::nullopt;
    return one;
  };
  SECTION("what has never run is held, also where its gates or its time would let it") {
    for (const Phase phase : {Phase::waiting, Phase::failed}) {
      const Decision decision = decide({held(phase, &service, false)}, 200);
      REQUIRE(decision.steps.size() == 1);
      CHECK(decision.steps[0].kind == Step::hold);
      CHECK(decision.steps[0].reason == why);
      CHECK_FALSE(decision.wake); // only a renewal changes it
    }
  }
  SECTION("what ran is started again, by its policy, also after a boot") {
    CHECK(kinds({held(Phase::backoff, &service, true)}, 100) == Kinds{Step::start});
    CHECK(kinds({held(Phase::backoff, &service, true)}, 99).empty());
    CHECK(kinds({held(Phase::waiting, &service, true)}, 100) == Kinds{Step::start});
    CHECK(kinds({held(Phase::waiting, &job, true)}, 100) == Kinds{Step::hold});
    CHECK(kinds({held(Phase::exited, &job, true)}, 100).empty());
  }
  SECTION("what runs runs on, and stops when it has to") {
    CHECK(kinds({held(Phase::live, &service, true)}).empty());
    CHECK(kinds({held(Phase::live, &retiring, true)}) == Kinds{Step::stop});
    CHECK(kinds({held(Phase::live, nullptr, true)}) == Kinds{Step::stop});
    CHECK(kinds({held(Phase::waiting, nullptr, false)}) == Kinds{Step::forget});
  }
  SECTION("what a successor was to take over from serves on") {
    proto::Instance old;
    old.set_retiring(true);
    *old.add_stop_after() = gate(proto::Gate::HEALTHY, "w", "b");
    Item fresh = held(Phase::waiting, &service, false);
    fresh.key.revision = "b";
    CHECK(kinds({held(Phase::live, &old, true), fresh}) == Kinds{Step::hold});
  }
  SECTION("what failed for good keeps its own reason") {
    Item one = held(Phase::failed, &job, false);
    one.until.reset();
    CHECK(kinds({one}, 200).empty());
  }
  SECTION("once it is renewed, all starts at once") {
    Item one = held(Phase::failed, &service, false), two = held(Phase::waiting, &service, false);
    two.key.workload = "x";
    one.held_back.clear();
    two.held_back.clear();
    CHECK(kinds({one, two}, 200) == Kinds{Step::start, Step::start});
  }
}
