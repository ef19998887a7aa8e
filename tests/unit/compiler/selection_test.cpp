// --target and --exclude: what is not selected stays exactly as it is.
#include <catch2/catch.hpp>

#include "models.h"

using namespace nemo;
using namespace nemo::test;

namespace {

/// web after app after db, and a batch that stands alone.
proto::Intent tiers() {
  proto::Intent intent;
  add_workload(intent, "app")->add_after("db");
  add_workload(intent, "batch");
  add_workload(intent, "db");
  proto::Workload *web = add_workload(intent, "web");
  web->add_after("app");
  web->set_replicas_min(2);
  return intent;
}

proto::Intent changed(std::initializer_list<int> workloads) {
  proto::Intent intent = tiers();
  for (int w : workloads)
    intent.mutable_workloads(w)->add_exec("--new");
  return intent;
}

constexpr int app = 0, batch = 1, db = 2, web = 3;

proto::Fleet running() {
  const Inputs first = inputs(tiers(), two_sites());
  auto compiled = compiler::compile(first);
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  return applied(first, *compiled.plan);
}

Compiled select(const proto::Intent &intent, const proto::Fleet &fleet,
                std::vector<std::string> targets, std::vector<std::string> excludes = {},
                bool destroy = false) {
  Inputs given = inputs(intent, fleet);
  given.targets = std::move(targets);
  given.excludes = std::move(excludes);
  given.destroy = destroy;
  return compiler::compile(given);
}

std::string ids(const google::protobuf::RepeatedPtrField<proto::Action> &actions) {
  std::string text;
  for (const proto::Action &action : actions)
    text += (text.empty() ? "" : ", ") + action.id();
  return text;
}

std::string told(const google::protobuf::RepeatedPtrField<proto::Instance> &instances,
                 const std::string &workload) {
  std::string bytes;
  for (const proto::Instance &instance : instances)
    if (instance.workload() == workload)
      bytes += instance.SerializeAsString();
  return bytes;
}

} // namespace

TEST_CASE("a target brings along what it is after, and the rest stays as it was told") {
  const proto::Fleet fleet = running();
  auto compiled = select(changed({app, batch}), fleet, {"web"});
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK(ids(compiled.plan->actions()) == "keep db/0, replace app/0, replace web/0, replace web/1");
  CHECK(ids(compiled.plan->left_out()) == "replace batch/0");
  CHECK(compiled.plan->left_out(0).reason() == "changed: exec");
  REQUIRE(compiled.plan->parts_size() == 1);
  CHECK(told(compiled.plan->parts(0).instances(), "batch") ==
        told(fleet.parts(0).part().instances(), "batch"));
  CHECK(compiled.plan->placements_size() == 4);
}

TEST_CASE("what is excluded is used as it runs") {
  const proto::Fleet fleet = running();
  auto compiled = select(changed({db, web}), fleet, {}, {"db"});
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK(ids(compiled.plan->actions()) == "keep app/0, keep batch/0, replace web/0, replace web/1");
  CHECK(ids(compiled.plan->left_out()) == "replace db/0");
  CHECK(told(compiled.plan->parts(0).instances(), "db") ==
        told(fleet.parts(0).part().instances(), "db"));
}

TEST_CASE("who could not start without what is excluded is left out too") {
  auto compiled = select(tiers(), two_sites(), {}, {"workload.app"});
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK(ids(compiled.plan->actions()) == "create db/0, create batch/0");
  CHECK(ids(compiled.plan->left_out()) == "create app/0, create web/0, create web/1");
  auto contradiction = select(tiers(), two_sites(), {"web"}, {"app"});
  CHECK_FALSE(contradiction.plan);
  CHECK(has(contradiction, "N0755"));
}

TEST_CASE("single replicas can be selected") {
  const proto::Fleet fleet = running();
  auto compiled = select(changed({web}), fleet, {"web/1"});
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK(ids(compiled.plan->actions()) == "keep db/0, keep app/0, replace web/1");
  CHECK(ids(compiled.plan->left_out()) == "replace web/0");
}

TEST_CASE("an address is not taken from under what is left out") {
  const proto::Fleet fleet = running();
  auto compiled = select(changed({db}), fleet, {"db"});
  CHECK_FALSE(compiled.plan);
  REQUIRE(has(compiled, "N0756"));
  CHECK(said(compiled).find("--target app") != std::string::npos);
  CHECK(select(changed({db}), fleet, {"db", "app", "web"}).plan);

  SECTION("but a fixed port is the same address whoever serves it") {
    auto fixed = [](proto::Intent intent) {
      intent.mutable_workloads(db)->mutable_ports(0)->set_number(5432);
      return intent;
    };
    const Inputs first = inputs(fixed(tiers()), two_sites());
    auto before = compiler::compile(first);
    REQUIRE(before.plan);
    auto after = select(fixed(changed({db})), applied(first, *before.plan), {"db"});
    INFO(said(after));
    REQUIRE(after.plan);
    CHECK(ids(after.plan->actions()) == "replace db/0");
    // What is left out waits, should it start anew, for the one that is there from now on.
    for (const proto::Instance &instance : after.plan->parts(0).instances())
      if (instance.workload() == "app") {
        REQUIRE(instance.start_after_size() == 1);
        CHECK(instance.start_after(0).revision() == after.plan->actions(0).revision());
      }
  }
}

TEST_CASE("a removal takes the users of a target along, and keeps what the excluded use") {
  const proto::Fleet fleet = running();
  auto target = select(tiers(), fleet, {"app"}, {}, true);
  INFO(said(target));
  REQUIRE(target.plan);
  CHECK(ids(target.plan->actions()) == "delete app/0, delete web/0, delete web/1");
  CHECK(ids(target.plan->left_out()) == "delete batch/0, delete db/0");
  auto exclude = select(tiers(), fleet, {}, {"app"}, true);
  INFO(said(exclude));
  REQUIRE(exclude.plan);
  CHECK(ids(exclude.plan->actions()) == "delete batch/0, delete web/0, delete web/1");
  auto contradiction = select(tiers(), fleet, {"db"}, {"web"}, true);
  CHECK_FALSE(contradiction.plan);
  CHECK(has(contradiction, "N0755"));
}

TEST_CASE("a pattern that selects nothing is refused, with what was meant") {
  auto compiled = select(tiers(), running(), {"workload.wbe"}, {"x*"});
  CHECK_FALSE(compiled.plan);
  REQUIRE(has(compiled, "N0754"));
  CHECK(said(compiled).find("did you mean --target web?") != std::string::npos);
  CHECK(said(compiled).find("--exclude x* selects nothing") != std::string::npos);
}

TEST_CASE("the same selection is the same plan, however it was typed") {
  const proto::Fleet fleet = running();
  auto one = select(changed({batch}), fleet, {"web", "batch", "web"});
  auto other = select(changed({batch}), fleet, {"batch", "web"});
  REQUIRE(one.plan);
  REQUIRE(other.plan);
  CHECK(one.plan->SerializeAsString() == other.plan->SerializeAsString());
}
