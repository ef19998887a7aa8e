// Between a plan and its delivery time passes: what is delivered, and what is left as it is, is
// judged by what the fleet says then.
#include <catch2/catch.hpp>

#include "compiler/plan/diff/diff.h"
#include "intent/fleet/fleet_file.h"
#include "orchestrator/apply.h"
#include "orchestrator/silent.h"

using namespace nemo;
using namespace nemo::orchestrator;

namespace {

constexpr const char *two_webs = R"(nemo = 1
stack = "shop"
workload web {
  replicas  = 2
  exec      = ["/bin/sleep", "1000"]
  resources { cpu = 1core; memory = 100MiB }
  place     { spread = node }
}
)";

proto::Fleet two_nodes() {
  const fleet::FleetFile file = fleet::parse_fleet("fleet.yaml", R"(fleet: 1
at: 2026-11-24T08:00:00Z
sites:
  s: {country: GR, price: 0.20EUR/kWh}
nodes:
  - {name: a, site: s, class: edge, arch: x86_64, resources: {cpu: 2core, memory: 4GiB},
     power: {idle: 3W, max: 12W}, price: 0.01EUR/h, sandboxes: [process]}
  - {name: b, site: s, class: edge, arch: x86_64, resources: {cpu: 2core, memory: 4GiB},
     power: {idle: 3W, max: 12W}, price: 0.02EUR/h, sandboxes: [process]}
)");
  REQUIRE_FALSE(has_errors(file.diagnostics));
  return file.fleet;
}

/// A backend that observes `now`, and what was seen of it before.
Seen seen(const proto::Fleet &before, const proto::Fleet &now) {
  backends::Choice choice;
  choice.name = "null";
  choice.fleet = now;
  auto looked = look(choice);
  REQUIRE(bool(looked));
  looked->fleet = before;
  return std::move(*looked);
}

proto::Plan plan_for(const proto::Fleet &fleet, const std::string &text = two_webs) {
  proto::SourceFile file;
  file.set_path("shop.nemo");
  file.set_text(text);
  const check::Checked checked = check::check_texts({file}, {});
  REQUIRE_FALSE(has_errors(checked.diagnostics));
  compiler::Inputs inputs;
  inputs.intent = checked.intent;
  inputs.fleet = fleet;
  inputs.backend = seen(fleet, fleet).capabilities;
  inputs.source = "git.example/shop";
  const compiler::Compiled compiled = compiler::compile(inputs);
  REQUIRE(compiled.plan);
  return *compiled.plan;
}

Applied deliver_to(const proto::Fleet &before, const proto::Fleet &now, const proto::Plan &plan) {
  Seen looked = seen(before, now);
  return apply(looked, plan, {});
}

} // namespace

TEST_CASE("what is as it was is delivered") {
  const proto::Fleet fleet = two_nodes();
  const Applied applied = deliver_to(fleet, fleet, plan_for(fleet));
  CHECK(applied.outcome == Outcome::done);
  CHECK(applied.delivered == std::vector<std::string>{"a", "b"});
}

TEST_CASE("what moved since the plan was made refuses it, also where nothing would be delivered") {
  const proto::Fleet empty = two_nodes();
  const proto::Plan first = plan_for(empty);
  const proto::Fleet there = plan::carried_out(empty, first);
  const proto::Plan again = plan_for(there);
  const auto refused = [](const Applied &applied, const std::string &why) {
    CHECK(applied.outcome == Outcome::failed);
    CHECK(applied.delivered.empty());
    REQUIRE(applied.diagnostics.size() == 1);
    CHECK(applied.diagnostics.front().id == "N0809");
    INFO(applied.diagnostics.front().message);
    CHECK(applied.diagnostics.front().message.find(
              "the fleet has changed since the plan was made") != std::string::npos);
    CHECK(applied.diagnostics.front().message.find(why) != std::string::npos);
    CHECK(applied.diagnostics.front().fix.find("plan again") != std::string::npos);
  };
  proto::Fleet now = there;
  SECTION("another delivered to a node that the plan leaves as it is") {
    proto::PartState &state = *now.mutable_parts(0);
    state.set_generation(state.generation() + 1);
    state.set_holder("eve@host, pid 411");
    state.mutable_part()->set_plan_digest("another");
    state.mutable_part()->clear_instances();
    refused(deliver_to(there, now, again), "was delivered by eve@host");
  }
  SECTION("a node was cordoned that something was to go to") {
    now = empty;
    now.mutable_nodes(1)->mutable_cordon()->set_reason("its disk fails");
    refused(deliver_to(empty, now, first), "node b: state takes what fits → cordoned");
  }
  SECTION("a node that fell silent is as it was") {
    now.mutable_nodes()->DeleteSubrange(1, 1);
    now.mutable_parts()->erase(
        std::remove_if(now.mutable_parts()->begin(), now.mutable_parts()->end(),
                       [](const auto &state) { return state.part().node() == "b"; }),
        now.mutable_parts()->end());
    const Applied applied = deliver_to(there, now, again);
    CHECK(applied.outcome == Outcome::done);
    CHECK(applied.delivered.empty());
  }
}

TEST_CASE("of a silent node what it said last stands, but for what operators say of it now") {
  proto::Fleet before = plan::carried_out(two_nodes(), plan_for(two_nodes()));
  proto::Link &link = *before.add_links();
  link.set_from("b");
  link.set_to("a");
  before.mutable_nodes(0)->mutable_cordon()->set_reason("of before");
  before.mutable_nodes(1)->mutable_cordon()->set_reason("of before");
  proto::Fleet now = two_nodes();
  now.mutable_nodes()->DeleteSubrange(1, 1);
  std::map<std::string, proto::Cordon> closed;
  SECTION("it was opened") {
    keep_silent(now, before, closed);
    REQUIRE(now.nodes_size() == 2);
    CHECK_FALSE(now.nodes(1).has_cordon());
  }
  SECTION("it was drained") {
    closed["b"].set_drained(true);
    closed["b"].set_reason("its disk fails");
    keep_silent(now, before, closed);
    REQUIRE(now.nodes_size() == 2);
    CHECK(now.nodes(1).cordon().drained());
    CHECK(now.nodes(1).cordon().reason() == "its disk fails");
  }
  CHECK_FALSE(now.nodes(0).has_cordon()); // it speaks for itself
  CHECK(now.nodes(1).name() == "b");
  REQUIRE(now.links_size() == 1);
  CHECK(now.sites_size() == 1);
  for (const proto::Running &one : now.running())
    CHECK(one.node() == "b");
  CHECK(now.running_size() == 1);
  CHECK(now.parts_size() == 1);
}
