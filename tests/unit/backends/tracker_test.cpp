// How far an action is, from reports alone. Time is an argument: nothing here waits.
#include <catch2/catch.hpp>

#include "orchestrator/tracker.h"

using namespace nemo;
using namespace nemo::orchestrator;
using std::chrono::seconds;

namespace {

const Clock::time_point start{std::chrono::hours(1)};

proto::Action *add(proto::Plan &plan, const char *verb, const char *object, const char *revision,
                   const char *from = "") {
  proto::Action *action = plan.add_actions();
  action->set_verb(verb);
  action->set_object(std::string("workload.") + object);
  action->set_id(std::string(verb) + " " + object);
  action->set_node("local");
  action->set_revision(revision);
  action->set_from_revision(from);
  return action;
}

void want(proto::Plan &plan, const char *workload, uint32_t replica, const char *revision,
          bool health) {
  if (plan.parts_size() == 0)
    plan.add_parts()->set_node("local");
  proto::Instance *instance = plan.mutable_parts(0)->add_instances();
  instance->set_workload(workload);
  instance->set_replica(replica);
  instance->set_revision(revision);
  if (health)
    instance->mutable_spec()->mutable_health()->set_kind(proto::Health::TCP);
}

proto::Running report(const char *workload, uint32_t replica, const char *revision,
                      proto::Running::State state, uint32_t restarts = 0) {
  proto::Running running;
  running.set_stack("shop");
  running.set_workload(workload);
  running.set_replica(replica);
  running.set_node("local");
  running.set_revision(revision);
  running.set_state(state);
  running.set_restarts(restarts);
  running.set_pid(100 + restarts);
  return running;
}

proto::Plan shop() {
  proto::Plan plan;
  plan.set_stack("shop");
  return plan;
}

} // namespace

TEST_CASE("a replica with a health check is up when it is healthy") {
  proto::Plan plan = shop();
  add(plan, "create", "web/0", "r1");
  want(plan, "web", 0, "r1", true);
  Tracker tracker(plan);
  tracker.judge(start);
  CHECK(tracker.actions()[0].phase == Phase::waiting);
  tracker.see(report("web", 0, "r1", proto::Running::STARTING));
  CHECK(tracker.judge(start).size() == 1);
  CHECK(tracker.actions()[0].phase == Phase::running);
  CHECK_FALSE(tracker.finished());
  tracker.see(report("web", 0, "r1", proto::Running::RUNNING));
  tracker.judge(start);
  CHECK(tracker.all_done());
  CHECK(tracker.judge(start).empty());
}

TEST_CASE("without a health check it must run for a while") {
  proto::Plan plan = shop();
  add(plan, "create", "web/0", "r1");
  want(plan, "web", 0, "r1", false);
  Tracker tracker(plan);
  tracker.see(report("web", 0, "r1", proto::Running::RUNNING));
  tracker.judge(start);
  CHECK(tracker.actions()[0].phase == Phase::running);
  SECTION("it runs on") {
    REQUIRE(tracker.settled_at());
    const auto settled = *tracker.settled_at();
    CHECK(settled > start);
    tracker.judge(settled);
    CHECK(tracker.all_done());
    CHECK_FALSE(tracker.settled_at());
  }
  SECTION("another run of it begins anew") {
    tracker.see(report("web", 0, "r1", proto::Running::RUNNING, 1));
    tracker.judge(start + seconds(5));
    CHECK(tracker.actions()[0].phase == Phase::running);
    tracker.judge(start + seconds(6)); // what has fallen must stand longer
    CHECK(tracker.actions()[0].phase == Phase::running);
    tracker.judge(start + seconds(10));
    CHECK(tracker.all_done());
  }
}

TEST_CASE("what does not come up fails") {
  proto::Plan plan = shop();
  add(plan, "create", "db/0", "r1");
  add(plan, "create", "app/0", "r1")->add_after("create db/0");
  add(plan, "create", "web/0", "r1")->add_after("create app/0");
  want(plan, "db", 0, "r1", true);
  Tracker tracker(plan);
  proto::Running db = report("db", 0, "r1", proto::Running::FAILED);
  SECTION("it cannot be started") { db.set_reason("no such program"); }
  SECTION("it keeps exiting") {
    tracker.see(report("db", 0, "r1", proto::Running::STARTING));
    db = report("db", 0, "r1", proto::Running::BACKOFF, 1);
    tracker.see(db);
    tracker.judge(start);
    CHECK(tracker.actions()[0].phase == Phase::running); // once is no loop
    db.set_restarts(3);
    db.set_exit_code(4);
  }
  SECTION("it is never healthy") {
    db = report("db", 0, "r1", proto::Running::STARTING);
    tracker.see(db);
    tracker.judge(start);
    tracker.judge(start + seconds(5));
    CHECK(tracker.actions()[0].phase == Phase::running);
    db.set_state(proto::Running::UNHEALTHY);
    tracker.see(db);
    tracker.judge(start + seconds(300));
  }
  SECTION("it ends with a fault and may not be started again") {
    db = report("db", 0, "r1", proto::Running::EXITED);
    db.set_exit_code(9);
  }
  tracker.see(db);
  tracker.judge(start + seconds(301));
  CHECK(tracker.actions()[0].phase == Phase::failed);
  CHECK_FALSE(tracker.actions()[0].detail.empty());
  CHECK(tracker.actions()[1].phase == Phase::blocked);
  CHECK(tracker.actions()[2].phase == Phase::blocked);
  CHECK(tracker.finished());
  CHECK_FALSE(tracker.all_done());
}

TEST_CASE("a task that ends well is done") {
  proto::Plan plan = shop();
  add(plan, "create", "job/0", "r1");
  Tracker tracker(plan);
  proto::Running job = report("job", 0, "r1", proto::Running::EXITED);
  job.set_exit_code(0);
  tracker.see(job);
  tracker.judge(start);
  CHECK(tracker.all_done());
}

TEST_CASE("a replacement is done when the old one is gone, and keeps it when it fails") {
  proto::Plan plan = shop();
  add(plan, "replace", "web/0", "r2", "r1");
  want(plan, "web", 0, "r2", true);
  Tracker tracker(plan);
  tracker.see(report("web", 0, "r1", proto::Running::RUNNING));
  SECTION("done") {
    tracker.see(report("web", 0, "r2", proto::Running::RUNNING));
    tracker.judge(start);
    CHECK(tracker.actions()[0].phase == Phase::running);
    proto::Fleet fleet; // the old one is not reported any more
    *fleet.add_running() = report("web", 0, "r2", proto::Running::RUNNING);
    tracker.see(fleet);
    tracker.judge(start);
    CHECK(tracker.all_done());
  }
  SECTION("failed") {
    tracker.see(report("web", 0, "r2", proto::Running::FAILED));
    tracker.judge(start);
    CHECK(tracker.actions()[0].phase == Phase::failed);
    CHECK(tracker.actions()[0].old_one_serves);
  }
}

TEST_CASE("a deletion is done when nothing of it runs; other stacks do not count") {
  proto::Plan plan = shop();
  add(plan, "delete", "web/0", "", "r1");
  Tracker tracker(plan);
  proto::Running other = report("web", 0, "r1", proto::Running::RUNNING);
  other.set_stack("another");
  tracker.see(other);
  tracker.see(report("web", 0, "r1", proto::Running::STOPPING));
  tracker.judge(start);
  CHECK(tracker.actions()[0].phase == Phase::running);
  tracker.see(report("web", 0, "r1", proto::Running::STOPPED));
  tracker.judge(start);
  CHECK(tracker.all_done());
}

TEST_CASE("nobody waits for a job that is to start later") {
  proto::Plan plan = shop();
  add(plan, "create", "nightly/0", "a");
  want(plan, "nightly", 0, "a", false);
  plan.mutable_parts(0)->mutable_instances(0)->set_start_at("2026-11-25T03:00:00Z");
  Tracker tracker(plan);
  proto::Running waits = report("nightly", 0, "a", proto::Running::PENDING);
  waits.set_reason("waits until db/0 is healthy");
  tracker.see(waits);
  tracker.judge(start);
  CHECK(tracker.actions()[0].phase == Phase::waiting);
  waits.set_reason("waits until 2026-11-25T03:00:00Z");
  tracker.see(waits);
  tracker.judge(start);
  CHECK(tracker.all_done());
  CHECK(tracker.actions()[0].detail == "starts at 2026-11-25T03:00:00Z");
}
