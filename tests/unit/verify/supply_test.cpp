// Power that is limited: a plan that makes a node draw more than it is given does not hold.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/binding.h"
#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

proto::Plan on_supply(const std::string &keys, const std::string &workload) {
  return plan_of(
      intent_of("nemo = 1\nworkload cam { exec = [\"/bin/cam\"]; resources { memory = 1MiB; " +
                workload + " }\n"),
      fleet_of("fleet: 1\nat: 2026-11-24T08:00:00Z\nsites: {s: {}}\nnodes:\n  - {name: mote, site: "
               "s, resources: {cpu: 4core, memory: 4GiB}, power: {idle: 3W, max: 12W}, " +
               keys + "}\n"));
}

std::string verified(proto::Plan plan) {
  plan.set_fleet_digest(plan::fleet_digest(plan.facts()));
  plan.set_facts_digest(plan::facts_digest(plan.facts()));
  return said(verify::verify(sealed(plan)));
}

} // namespace

TEST_CASE("a node draws no more than it is given") {
  // 3 W idle and 9 W for four cores: 7.5 W feed two of them.
  proto::Plan two = on_supply("supply: 7.5W", "cpu = 1core }; replicas = 2");
  CHECK(verified(two).empty());
  CHECK_THROWS(on_supply("supply: 7.5W", "cpu = 1core }; replicas = 3"));
  CHECK_THROWS(on_supply("supply: 7.5W", "cpu = 2.001core }"));
  CHECK_THROWS(on_supply("supply: 2.9W", "cpu = 1mcore }"));
  two.mutable_facts()->mutable_nodes(0)->set_supply_mw(7499);
  CHECK(verified(two).find("mote has 1999 of cpu (millicores); this plan puts 2000 there") !=
        std::string::npos);
  two.mutable_facts()->mutable_nodes(0)->set_supply_mw(5000);
  CHECK(verified(two).find("mote would draw more power than it is given") != std::string::npos);
  two.mutable_facts()->mutable_nodes(0)->clear_power_max_mw();
  CHECK(verified(two).find("mote would draw more power than it is given") != std::string::npos);
}

TEST_CASE("a node that sleeps draws less") {
  proto::Plan plan = on_supply("supply: 0.75W, duty-cycle: 10%", "cpu = 1core }; replicas = 2");
  CHECK(verified(plan).empty());
  // 7.5 W of two cores in a tenth of the time.
  CHECK(plan.after().milliwatts() == 2 * 300);
  plan.mutable_facts()->mutable_nodes(0)->set_duty_ppb(100'000'001);
  CHECK(verified(plan).find("mote has 1999 of cpu") != std::string::npos);
}
