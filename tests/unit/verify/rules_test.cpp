// Faults that a wrong optimiser would make, and what verify says of each.
#include <catch2/catch.hpp>

#include "base/rational.h"
#include "compiler/plan/binding.h"
#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;
using Catch::Matchers::Contains;

namespace {

proto::Plan base() { return plans().front().plan; }

proto::Placement &placed(proto::Plan &plan, const std::string &workload, uint32_t replica = 0) {
  for (proto::Placement &item : *plan.mutable_placements())
    if (item.workload() == workload && item.replica() == replica)
      return item;
  throw std::out_of_range(workload);
}

/// Ids and messages of what verify finds in the plan with its digest made to match.
std::string faults(const proto::Plan &plan) { return said(verify::verify(sealed(plan))); }

} // namespace

TEST_CASE("a replica where a rule does not admit it") {
  proto::Plan plan = base();
  placed(plan, "web").set_node("cloud1"); // not an edge, trust unknown
  const std::vector<Diagnostic> found = verify::verify(sealed(plan));
  const std::string text = said(found);
  CHECK_THAT(text, Contains("N0714: web/0 may not run on cloud1"));
  CHECK_THAT(text, Contains("node.trust"));
  bool placed = false;
  for (const Diagnostic &fault : found)
    placed |= fault.id == "N0714" && fault.file == "shop.nemo" && fault.range.line > 1;
  CHECK(placed);
}

TEST_CASE("replicas that are missing, double, or of nobody") {
  proto::Plan plan = base();
  plan.mutable_placements()->RemoveLast();
  CHECK_THAT(faults(plan), Contains("N0713") && Contains("is not placed"));
  plan = base();
  *plan.add_placements() = plan.placements(0);
  CHECK_THAT(faults(plan), Contains("a second time"));
  plan = base();
  plan.mutable_placements(0)->set_node("nowhere");
  CHECK_THAT(faults(plan), Contains("no node of the facts"));
}

TEST_CASE("replicas that must be apart") {
  proto::Plan plan = base();
  placed(plan, "app", 1).set_node(placed(plan, "app", 0).node());
  CHECK_THAT(faults(plan), Contains("N0715") && Contains("must be spread"));
}

TEST_CASE("a replica beside an exclusive one") {
  for (const auto &[name, plan] : plans())
    if (name == "exclusive") {
      proto::Plan spoiled = plan;
      placed(spoiled, "third").set_node("gw1"); // where `alone` is
      CHECK_THAT(faults(spoiled), Contains("N0715: alone/0 on gw1 is beside third/0"));
      placed(spoiled, "third").set_node("cloud1"); // where another stack's is
      CHECK_THAT(faults(spoiled),
                 Contains("N0715: third/0 on cloud1 is beside vault/0 of stack keeper"));
      placed(spoiled, "third").set_node("gw2");
      CHECK(faults(spoiled).empty());
    } else if (name == "exclusive exchange") {
      proto::Plan spoiled = plan;
      for (proto::Part &part : *spoiled.mutable_parts())
        for (proto::Instance &instance : *part.mutable_instances())
          if (instance.workload() == "third" && instance.retiring())
            instance.mutable_spec()->set_exclusive(true);
      CHECK_THAT(faults(spoiled), Contains("N0719"));
    }
}

TEST_CASE("a replica that is not as near, or not as far, as it must be") {
  proto::Plan plan;
  for (const Named &named : plans())
    if (named.name == "distances")
      plan = named.plan;
  REQUIRE(faults(plan).empty());
  CHECK(placed(plan, "c").node() == "cloud1"); // 8 ms away
  proto::Plan spoiled = plan;
  placed(spoiled, "c").set_node("gw2"); // nobody says how far that is
  CHECK_THAT(faults(spoiled), Contains("N0715: c/0 on gw2 is to be apart from a within 5ms"));
  placed(spoiled, "c").set_node("gw1");
  CHECK_THAT(faults(spoiled), Contains("N0715: c/0 on gw1 is to be apart from a within 5ms"));
  spoiled = plan;
  placed(spoiled, "b").set_node("gw2");
  CHECK_THAT(faults(spoiled), Contains("N0715: b/0 on gw2 is to be near a within 9ms"));
}

TEST_CASE("a loss that leaves no room") {
  proto::Plan plan;
  for (const Named &named : plans())
    if (named.name == "survivors")
      plan = named.plan;
  REQUIRE(faults(plan).empty());
  placed(plan, "a").set_node("gw1");
  placed(plan, "c").set_node("gw2");
  for (uint32_t replica : {0, 1})
    placed(plan, "b", replica).set_node("gw2"); // which is full then
  CHECK_THAT(faults(plan), Contains("N0715: after the loss of node gw1 there is no room for a/0"));
}

TEST_CASE("digests, intent and facts") {
  proto::Plan plan = base();
  plan.set_stack("other");
  CHECK_THAT(faults(plan), Contains("N0711: stack"));
  plan = base();
  plan.mutable_facts()->mutable_nodes(0)->set_price_neur_per_hour(1);
  CHECK_THAT(faults(plan), Contains("N0710: facts_digest"));
  plan = base();
  plan.mutable_intent()->mutable_workloads(0)->set_replicas_min(1);
  CHECK_THAT(faults(plan), Contains("N0711: intent.workloads[0].replicas_min"));
  plan = base();
  *plan.mutable_facts()->add_nodes() = plan.facts().nodes(0);
  plan.set_facts_digest(plan::facts_digest(plan.facts()));
  plan.set_fleet_digest(plan::fleet_digest(plan.facts()));
  CHECK_THAT(faults(plan), Contains("N0712"));
}

TEST_CASE("figures, actions, desired state and shortfalls") {
  proto::Plan plan = base();
  plan.mutable_objective()->set_bound_ueur_per_hour(0);
  CHECK_THAT(faults(plan), Contains("N0716: objective.bound_ueur_per_hour"));
  plan = base();
  proto::ScarceRoom &scarce = *plan.mutable_objective()->add_scarce();
  scarce.set_node(plan.placements(0).node());
  scarce.set_price(1'000'000'000'000);
  CHECK_THAT(faults(plan), Contains("N0716: objective.bound_ueur_per_hour")); // it is lower now
  for (auto spoil : {+[](proto::ScarceRoom &room) { room.set_node("nowhere"); },
                     +[](proto::ScarceRoom &room) { room.set_resource(5); },
                     +[](proto::ScarceRoom &room) { room.set_price(-1); },
                     +[](proto::ScarceRoom &room) { room.set_price(INT64_MAX); }}) {
    proto::Plan spoiled = plan;
    spoil(*spoiled.mutable_objective()->mutable_scarce(0));
    CHECK_THAT(faults(spoiled), Contains("N0716: objective.scarce"));
  }
  plan = base();
  plan.mutable_actions(0)->set_reason("because");
  CHECK_THAT(faults(plan), Contains("N0717: actions[0].reason"));
  plan = base();
  plan.mutable_parts(0)->mutable_instances(0)->mutable_spec()->add_exec("--evil");
  CHECK_THAT(faults(plan), Contains("N0719: parts[0].instances[0].spec.exec"));
  plan = base();
  plan.clear_shortfalls();
  CHECK_THAT(faults(plan), Contains("N0720: shortfalls"));
}

TEST_CASE("an order that waits for itself") {
  proto::Plan plan = base();
  plan.mutable_actions(0)->add_after(plan.actions(0).id());
  CHECK_THAT(faults(plan), Contains("N0718"));
}

TEST_CASE("a plan that touches what runs protected is refused") {
  for (const Named &named : plans()) {
    if (named.name != "update" && named.name != "removal")
      continue;
    proto::Plan plan = named.plan;
    for (proto::PartState &state : *plan.mutable_facts()->mutable_parts())
      for (proto::Instance &instance : *state.mutable_part()->mutable_instances())
        instance.set_protect(true);
    plan.set_fleet_digest(plan::fleet_digest(plan.facts()));
    plan.set_facts_digest(plan::facts_digest(plan.facts()));
    CHECK(said(verify::verify(sealed(plan))).find("N0721") != std::string::npos);
  }
}

TEST_CASE("predicted service levels are computed again") {
  auto changed = [](const std::string &name, auto change) {
    proto::Plan plan = base();
    for (proto::Expectation &item : *plan.mutable_expectations())
      if (item.name() == name && item.has_predicted_low()) {
        change(item);
        return faults(plan);
      }
    throw std::out_of_range(name);
  };
  // A whole percent: beyond one unit in the fourth digit.
  auto raise = [](proto::Quantity &quantity) {
    const auto value = Rational::from_parts(quantity.num(), quantity.den());
    const auto more = value->times(*Rational::make(101, 100));
    quantity.set_num(more->num_text());
    quantity.set_den(more->den_text());
  };
  for (const char *name : {"latency.p99", "availability", "throughput"}) {
    INFO(name);
    CHECK_THAT(changed(name, [&](proto::Expectation &item) { raise(*item.mutable_predicted()); }),
               Contains("N0716") && Contains("predicted"));
    CHECK_THAT(changed(name,
                       [&](proto::Expectation &item) {
                         raise(*item.mutable_predicted());
                         raise(*item.mutable_predicted_low());
                         raise(*item.mutable_predicted_high());
                       }),
               Contains("N0716") && Contains("predicted_low"));
    CHECK_THAT(changed(name, [](proto::Expectation &item) { item.set_met(!item.met()); }),
               Contains("N0716") && Contains("met"));
    CHECK_THAT(changed(name, [](proto::Expectation &item) { item.set_model("oracle"); }),
               Contains("N0716") && Contains("model"));
  }
}

TEST_CASE("what a plan leaves on a cluster's nodes is no less of its capacity") {
  const std::string text =
      "nemo = 1\nstack = \"shop\"\nselect all { require node.class == edge }\n"
      "cluster lab { on = all; nodes = 1; controllers = 1; capacity { cpu = "
      "4core } }\n"
      "workload a { exec = [\"/bin/a\"]; on = lab; resources { cpu = 1core } }\n"
      "workload b { exec = [\"/bin/b\"] }\n";
  const proto::Fleet fleet = fleet_of(
      "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites: {s: {country: GR, carbon: 100gCO2e/kWh, price: "
      "0.5EUR/kWh}}\nnodes:\n"
      "  - {name: n0, site: s, class: edge, resources: {cpu: 4core, memory: 4GiB}, power: {idle: "
      "8W, max: 16W}, price: 0.001EUR/h}\n"
      "  - {name: n1, site: s, class: cloud, resources: {cpu: 4core, memory: 4GiB}, power: {idle: "
      "8W, max: 16W}, price: 0.001EUR/h}\n");
  const proto::Plan whole = plan_of(intent_of(text), fleet);
  CHECK(faults(whole).empty());
  CHECK(whole.clusters(0).nodes(0) == "n0");
  CHECK(faults(plan_of(intent_of(text), applied(whole, fleet), false, {"b"})).empty());
}
