// Whatever is planned where nodes promise more than they have holds, and what promises too much
// does not.
#include <algorithm>
#include <random>
#include <stdexcept>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/binding.h"
#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

std::string burst_fleet(std::mt19937 &random) {
  std::string text = "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites:\n"
                     "  s: {country: FR, zone: FR, carbon: 50gCO2e/kWh, price: 0.2EUR/kWh}\n"
                     "nodes:\n";
  for (unsigned node = 0, nodes = 2 + random() % 3; node < nodes; ++node)
    text += fmt::format("  - {{name: n{}, site: s, resources: {{cpu: {}core, memory: 64GiB}}, "
                        "power: {{idle: 3W, max: 20W}}, price: 0.0{}EUR/h}}\n",
                        node, 1 + random() % 12, 1 + random() % 9);
  return text;
}

std::string burst_intent(std::mt19937 &random) {
  std::string text = fmt::format("nemo = 1\nstack = \"burst\"\nobjective o {{ minimize cost; "
                                 "overcommit = {}% }}\n",
                                 random() % 2 ? "1" : "0.01");
  for (unsigned w = 0, count = 2 + random() % 3; w < count; ++w) {
    const unsigned cpu = 100 * (1 + random() % 12);
    text += fmt::format(
        "workload w{} {{\n  exec = [\"/bin/w\", \"{}\"]\n  replicas = {}\n"
        "  ports {{ http = {} }}\n  resources {{ cpu = {}mcore{} }}\n}}\n",
        w, random() % 2, 2 + random() % 14, random() % 8 ? "auto" : "8080", cpu,
        random() % 5 ? fmt::format("; cpu-mean = {}mcore", cpu / (2 + random() % 19)) : "");
  }
  return text;
}

std::optional<proto::Plan> burst_plan(const std::string &text, const proto::Fleet &fleet) {
  try {
    return plan_of(intent_of(text), fleet);
  } catch (const std::runtime_error &) {
    return std::nullopt; // no placement exists, or no order of moves does
  }
}

/// Nodes whose replicas' peaks are more than they have.
unsigned overcommitted(const proto::Plan &plan, const proto::Fleet &fleet) {
  unsigned count = 0;
  for (const proto::Node &node : fleet.nodes()) {
    uint64_t peaks = 0;
    for (const proto::Part &part : plan.parts())
      if (part.node() == node.name())
        for (const proto::Instance &instance : part.instances())
          peaks += instance.spec().resources().cpu_millicores();
    count += peaks > node.cpu_millicores();
  }
  return count;
}

} // namespace

TEST_CASE("plans that over-commit hold, whatever changes") {
  unsigned held = 0, changed = 0, over = 0, kept = 0;
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    const proto::Fleet fleet = fleet_of(burst_fleet(random));
    const std::string first = burst_intent(random), second = burst_intent(random);
    INFO("seed " << seed << "\n" << first << "\nthen\n" << second);
    const auto plan = burst_plan(first, fleet);
    if (!plan)
      continue;
    const std::vector<Diagnostic> faults = verify::verify(*plan);
    INFO(said(faults));
    REQUIRE(faults.empty());
    ++held;
    over += overcommitted(*plan, fleet);
    const proto::Fleet running = applied(*plan, fleet);
    const auto again = burst_plan(first, running);
    REQUIRE(again);
    bool all = true;
    for (const proto::Action &action : again->actions())
      all &= action.verb() == "keep";
    kept += all;
    // What moves has found better.
    CHECK((all ||
           again->objective().value_ueur_per_hour() < plan->objective().value_ueur_per_hour()));
    if (const auto update = burst_plan(second, running)) {
      const std::vector<Diagnostic> found = verify::verify(*update);
      INFO(said(found));
      REQUIRE(found.empty());
      ++changed;
    }
  }
  INFO(held << " plans, " << changed << " changed, " << over << " nodes over-committed");
  CHECK(held > 60);
  CHECK(changed > 30);
  CHECK(over > 50);
  CHECK(kept >= held - 1);
}

TEST_CASE("a plan that takes a higher risk than is accepted is refused") {
  const std::string text =
      "nemo = 1\nstack = \"burst\"\nobjective o { minimize cost; overcommit = 1% }\n"
      "workload w { exec = [\"/bin/w\"]; replicas = 20; resources { cpu = 500mcore; cpu-mean = "
      "50mcore } }\n";
  const proto::Fleet fleet = fleet_of(
      "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites:\n  s: {country: FR, zone: FR, carbon: "
      "50gCO2e/kWh, price: 0.2EUR/kWh}\nnodes:\n  - {name: n, site: s, resources: {cpu: 4core, "
      "memory: 64GiB}, power: {idle: 3W, max: 20W}, price: 0.01EUR/h}\n");
  // That more than eight of twenty are busy, each a tenth of the time, is bounded by 0.0023; that
  // more than six are, by 0.02.
  proto::Plan plan = plan_of(intent_of(text), fleet);
  CHECK(verify::verify(plan).empty());
  CHECK(overcommitted(plan, fleet) == 1);
  for (proto::Node &node : *plan.mutable_facts()->mutable_nodes())
    node.set_cpu_millicores(3000);
  plan.set_facts_digest(plan::facts_digest(plan.facts()));
  plan.set_fleet_digest(plan::fleet_digest(plan.facts()));
  plan.set_digest(plan::plan_digest(plan));
  const std::vector<Diagnostic> faults = verify::verify(plan);
  INFO(said(faults));
  CHECK(std::any_of(faults.begin(), faults.end(), [](const Diagnostic &fault) {
    return fault.message.find("has a chance of at most") != std::string::npos;
  }));
}
