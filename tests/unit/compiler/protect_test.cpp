// Protection is recorded with what runs: no edit of the file lifts it.
#include <catch2/catch.hpp>

#include "models.h"

using namespace nemo;
using namespace nemo::test;

namespace {

proto::Intent stack(bool protect, uint32_t replicas = 2) {
  proto::Intent intent;
  proto::Workload *db = add_workload(intent, "db");
  db->set_replicas_min(replicas);
  db->set_protect(protect);
  add_workload(intent, "web")->add_after("db");
  return intent;
}

struct Running {
  Inputs first = inputs(stack(true), two_sites());
  proto::Fleet fleet;
  Running() {
    auto compiled = compiler::compile(first);
    INFO(said(compiled));
    REQUIRE(compiled.plan);
    fleet = applied(first, *compiled.plan);
  }
};

void refused(Inputs given, const std::string &doing) {
  auto compiled = compiler::compile(given);
  INFO(said(compiled));
  CHECK_FALSE(compiled.plan);
  REQUIRE(has(compiled, "N0751"));
  CHECK(said(compiled).find(doing) != std::string::npos);
  CHECK(said(compiled).find("nemo unprotect workload.db") != std::string::npos);
}

void lift(proto::Fleet &fleet) {
  for (proto::PartState &state : *fleet.mutable_parts())
    for (proto::Instance &instance : *state.mutable_part()->mutable_instances())
      instance.set_protect(false);
}

} // namespace

TEST_CASE("what runs protected is not deleted, replaced, moved or destroyed") {
  Running running;
  SECTION("its block is gone") {
    proto::Intent rest;
    add_workload(rest, "web");
    refused(inputs(rest, running.fleet), "delete db/0 on gw1");
  }
  SECTION("fewer replicas are wanted") {
    refused(inputs(stack(true, 1), running.fleet), "delete db/1 on gw1");
  }
  SECTION("it is to be another, with or without the attribute") {
    for (bool still : {true, false}) {
      proto::Intent other = stack(still);
      other.mutable_workloads(0)->add_exec("--fast");
      refused(inputs(other, running.fleet), "replace db/0 on gw1");
    }
  }
  SECTION("it is to be elsewhere") {
    proto::Intent other = stack(true);
    *other.mutable_workloads(0)->mutable_place()->add_rules() =
        rule(proto::Rule::REQUIRE, op(proto::Expr::EQ, ref("node.class"), word("cloud")),
             "require node.class == cloud");
    refused(inputs(other, running.fleet), "move db/0 from gw1 to cloud1");
  }
  SECTION("the stack is destroyed, or taken over from elsewhere") {
    Inputs destroy = inputs(stack(true), running.fleet);
    destroy.destroy = true;
    refused(destroy, "delete db/0");
    Inputs other = inputs(stack(false, 1), running.fleet);
    other.source = "https://example.org/other.git";
    other.take_over = true;
    refused(other, "delete db/1");
  }
}

TEST_CASE("the attribute alone neither lifts nor hides a protection") {
  Running running;
  auto compiled = compiler::compile(inputs(stack(false), running.fleet));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK(has(compiled, "N0753"));
  CHECK(action(*compiled.plan, "keep db/0"));
  for (const proto::Part &part : compiled.plan->parts())
    for (const proto::Instance &instance : part.instances())
      CHECK(instance.protect() == (instance.workload() == "db"));
}

TEST_CASE("once lifted, one change goes through, and the file protects what then runs") {
  Running running;
  lift(running.fleet);
  proto::Intent other = stack(true);
  other.mutable_workloads(0)->add_exec("--fast");
  auto compiled = compiler::compile(inputs(other, running.fleet));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK(action(*compiled.plan, "replace db/0"));
  for (const proto::Part &part : compiled.plan->parts())
    for (const proto::Instance &instance : part.instances())
      if (instance.workload() == "db")
        CHECK(instance.protect() != instance.retiring());
}

TEST_CASE("protecting what runs is a change that the plan shows, and restarts nothing") {
  Running running;
  lift(running.fleet);
  auto compiled = compiler::compile(inputs(stack(true), running.fleet));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  const proto::Action *found = action(*compiled.plan, "protect db/1");
  REQUIRE(found);
  CHECK(found->revision() == found->from_revision());
  CHECK(action(*compiled.plan, "keep web/0"));
}
