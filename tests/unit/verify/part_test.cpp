// Plans of a part: what stays keeps what the intent asks for it, and is not held against the plan.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

/// Each node on a site of its own, the first one cheapest.
proto::Fleet three_sites() {
  std::string text = "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites:\n";
  for (int i = 1; i <= 3; ++i)
    text += fmt::format("  s{}: {{price: 0.2EUR/kWh, carbon: 50gCO2e/kWh}}\n", i);
  text += "nodes:\n";
  for (int i = 1; i <= 3; ++i)
    text += fmt::format("  - {{name: n{0}, site: s{0}, class: edge, resources: {{cpu: 4core, "
                        "memory: 4GiB}}, power: {{idle: 1W, max: 9W}}, price: 0.0{0}EUR/h}}\n",
                        i);
  return fleet_of(text + "links:\n  - {from: s1, to: s2, latency: 5ms}\n");
}

std::string workload(const std::string &name, const std::string &more = "") {
  return fmt::format("workload {0} {{\n  exec = [\"/bin/{0}\"]\n  resources {{ cpu = 1core; memory "
                     "= 1GiB }}\n{1}}}\n",
                     name, more);
}

proto::Intent intent(const std::string &workloads, const std::string &stack = "part") {
  return intent_of(fmt::format("nemo = 1\nstack = \"{}\"\n", stack) + workloads +
                   "objective o { minimize cost }\n");
}

/// `a` and `b` run on n1 and are then asked for something else, of which only b is planned.
proto::Plan only_b(const std::string &of_a, const std::string &of_b) {
  const proto::Fleet fleet = three_sites();
  const proto::Plan before = plan_of(intent(workload("a") + workload("b")), fleet);
  for (const proto::Placement &placement : before.placements())
    REQUIRE(placement.node() == "n1");
  return plan_of(intent(workload("a", of_a) + workload("b", of_b)), applied(before, fleet), false,
                 {"b"});
}

std::string verified(const proto::Plan &plan) { return said(verify::verify(plan)); }

std::string verified_on(proto::Plan plan, const std::string &node) {
  plan.mutable_placements(0)->set_node(node);
  return verified(sealed(std::move(plan)));
}

bool says(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("nobody who is planned comes close to one that stays and is to be apart") {
  const proto::Plan plan = only_b("  place { anti-affinity { to = b; within = site } }\n", "");
  CHECK(plan.placements(0).node() == "n2");
  CHECK(verified(plan) == "");
  CHECK(says(verified_on(plan, "n1"),
             "a/0 on n1 is to be apart from b within the same site, and is not"));
}

TEST_CASE("who is planned comes close to one that stays and is to be near") {
  const std::string dear = "  place { deny node.name == \"n1\" }\n";
  const proto::Plan plan = only_b("  place { affinity { to = b; within = 5ms } }\n", dear);
  CHECK(plan.placements(0).node() == "n2");
  CHECK(verified(plan) == "");
  CHECK(says(verified_on(plan, "n3"), "a/0 on n1 is to be near b within 5ms, and is not"));
}

TEST_CASE("who has to leave one that stays does not leave for a better place") {
  const proto::Plan plan = only_b("", "  place { exclusive = true }\n");
  CHECK(plan.placements(0).node() == "n2");
  CHECK(plan.actions(0).reason() == "a rule removes n1");
  CHECK(verified(plan) == "");
}

TEST_CASE("those that stay may share a domain that others of them may not") {
  const proto::Fleet fleet = three_sites();
  const proto::Plan before = plan_of(intent(workload("a", "  replicas = 3\n")), fleet);
  for (const std::string place : {"spread = site", "spread = site; min-domains = 3"}) {
    INFO(place);
    const proto::Plan plan =
        plan_of(intent(workload("a", fmt::format("  replicas = 3\n  place {{ {} }}\n", place))),
                applied(before, fleet), false, {"a/0"});
    CHECK(plan.placements(0).node() == "n2");
    CHECK(verified(plan) == "");
    CHECK(says(verified_on(plan, "n1"), "must be spread; its replicas are in s1"));
  }
}

TEST_CASE("fewer domains than are asked for are as many as those that stay leave") {
  const proto::Fleet fleet = three_sites();
  const proto::Plan before = plan_of(intent(workload("a", "  replicas = 4\n")), fleet);
  const proto::Plan plan =
      plan_of(intent(workload("a", "  replicas = 4\n  place { spread = site; min-domains = 3 }\n")),
              applied(before, fleet), false, {"a/0"});
  CHECK(plan.placements(0).node() == "n2");
  CHECK(verified(plan) == "");
  CHECK(says(verified_on(plan, "n1"), "has min-domains = 3 by site and must be spread"));
}

TEST_CASE("two that stay are not held against the plan of a third") {
  const proto::Fleet fleet = three_sites();
  const std::string c = workload("c");
  const proto::Plan before = plan_of(intent(workload("a") + workload("b") + c), fleet);
  for (const std::string rule :
       {"anti-affinity { to = b; within = node }", "anti-affinity { to = b; within = 5ms }"}) {
    INFO(rule);
    const proto::Plan plan =
        plan_of(intent(workload("a", "  place { " + rule + " }\n") + workload("b") + c),
                applied(before, fleet), false, {"c"});
    CHECK(plan.placements(0).node() == "n1");
    CHECK(verified(plan) == "");
  }
}

TEST_CASE("replicas that stay and should be apart do not hinder those that are planned") {
  const proto::Fleet fleet = three_sites();
  const std::string two = "  replicas = 2\n";
  const proto::Plan before = plan_of(intent(workload("a", two) + workload("b", two)), fleet);
  const proto::Plan plan =
      plan_of(intent(workload("a", two + "  place { anti-affinity { to = b; within = node } }\n") +
                     workload("b", two)),
              applied(before, fleet), false, {"a/0", "b/0"});
  REQUIRE(plan.placements_size() == 2);
  CHECK(plan.placements(0).node() != "n1");
  CHECK(plan.placements(1).node() != "n1");
  CHECK(plan.placements(0).node() != plan.placements(1).node());
  CHECK(verified(plan) == "");
}

TEST_CASE("who waits need not go beside an exclusive one of another stack") {
  const proto::Fleet fleet = three_sites();
  const std::string alone = "  replicas = 2\n  place { exclusive = true; spread = node }\n";
  const proto::Fleet taken = applied(plan_of(intent(workload("x", alone), "other"), fleet), fleet);
  const proto::Plan plan =
      plan_of(intent(workload("a", "  priority = 1\n  replicas = 5\n")), taken);
  REQUIRE(plan.waiting_size() == 1);
  CHECK(verified(plan) == "");
}
