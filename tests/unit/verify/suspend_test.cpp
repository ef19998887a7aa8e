// Nodes that can be suspended: which may be, and what keeping the others awake costs.
#include <algorithm>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

std::string hall_node(const std::string &name, const std::string &keys) {
  return "  - {name: " + name +
         ", site: s, resources: {cpu: 4core, memory: 4GiB}, power: {idle: 8W, max: 16W}, price: "
         "0.001EUR/h" +
         keys + "}\n";
}

proto::Fleet hall_of(const std::string &nodes) {
  return fleet_of("fleet: 1\nat: 2026-11-24T08:00:00Z\nsites: {s: {country: GR, carbon: "
                  "100gCO2e/kWh, price: 0.5EUR/kWh}}\nnodes:\n" +
                  nodes);
}

std::vector<std::string> suspended(const proto::Plan &plan) {
  const std::vector<Diagnostic> faults = verify::verify(plan);
  INFO(said(faults));
  CHECK(faults.empty());
  return {plan.suspended().begin(), plan.suspended().end()};
}

const std::string sleeps = ", suspend: {power: 1W, wake: 10s}";
const std::string two =
    "nemo = 1\nstack = \"shop\"\nworkload web { exec = [\"/bin/w\"]; replicas = 2; "
    "resources { cpu = 1core; memory = 256MiB } }\n";

} // namespace

TEST_CASE("who stands empty may be suspended") {
  const std::string nodes = hall_node("c", sleeps) + hall_node("a", sleeps) + hall_node("b", "");
  const proto::Plan plan = plan_of(intent_of(two), hall_of(nodes));
  // Two shares of a quarter: on b 4 W of its idle power, which is less than 7 W for all of another.
  CHECK(suspended(plan) == std::vector<std::string>{"a", "c"});
  CHECK(plan.after().milliwatts() == 4000 + 4000);

  const proto::Plan only =
      plan_of(intent_of(two), hall_of(hall_node("c", sleeps) + hall_node("a", sleeps)));
  const std::string used = only.placements(0).node(), other = used == "a" ? "c" : "a";
  CHECK(suspended(only) == std::vector<std::string>{other});
  CHECK(only.after().milliwatts() == 7000 + 4000);
  // 0.5 of the node's 1000, and 11 W at 0.5 EUR/kWh, in 1e-6 EUR/h.
  CHECK(only.after().ueur_per_hour() == 500 + 5500);
  CHECK(only.objective().value_ueur_per_hour() == 500 + 5500);

  proto::Plan wrong = only;
  wrong.clear_suspended();
  CHECK_FALSE(verify::verify(sealed(wrong)).empty());
  wrong.add_suspended(used);
  CHECK_FALSE(verify::verify(sealed(wrong)).empty());
}

TEST_CASE("who is awake for others may not be suspended, and shares its idle power") {
  proto::Fleet found = hall_of(hall_node("a", sleeps) + hall_node("b", sleeps));
  proto::Running &other = *found.add_running();
  other.set_stack("other");
  other.set_workload("web");
  other.set_node("b");
  const proto::Plan plan = plan_of(intent_of(two), found);
  CHECK(suspended(plan) == std::vector<std::string>{"a"});
  CHECK(plan.placements(0).node() == "b");
  CHECK(plan.after().milliwatts() == 4000 + 4000);

  found = hall_of(hall_node("a", sleeps) + hall_node("b", sleeps));
  proto::PartState &part = *found.add_parts();
  part.mutable_part()->set_stack("other");
  part.mutable_part()->set_node("a");
  CHECK(suspended(plan_of(intent_of(two), found)).size() == 1); // whose part is empty
  part.mutable_part()->add_instances()->set_workload("cam");
  CHECK(suspended(plan_of(intent_of(two), found)) == std::vector<std::string>{"b"});

  // What a plan of a part leaves as it is keeps its node awake.
  const std::string more = two +
                           "workload cam { exec = [\"/bin/cam\"]; place { require node.name == "
                           "\"b\" } }\n";
  const proto::Fleet fresh = hall_of(hall_node("a", sleeps) + hall_node("b", sleeps));
  const proto::Plan whole = plan_of(intent_of(more), fresh);
  const proto::Fleet runs = applied(whole, fresh);
  CHECK(suspended(plan_of(intent_of(two), runs, true)) == std::vector<std::string>{"a", "b"});
  CHECK(suspended(plan_of(intent_of(more), runs, false, {"web"})) == std::vector<std::string>{"a"});
}

TEST_CASE("a node is emptied where that pays more than moving costs") {
  // Each is cheaper on the node that it reserves less of.
  const std::string text =
      "nemo = 1\nstack = \"shop\"\n"
      "workload cpu { exec = [\"/bin/w\"]; resources { cpu = 2core; memory = 1GiB } }\n"
      "workload mem { exec = [\"/bin/w\"]; resources { cpu = 1core; memory = 2GiB } }\n";
  auto machines = [](const std::string &keys) {
    std::string nodes;
    for (const char *size : {"left, site: s, resources: {cpu: 8core, memory: 4GiB}",
                             "right, site: s, resources: {cpu: 4core, memory: 8GiB}"})
      nodes += std::string("  - {name: ") + size +
               ", power: {idle: 8W, max: 14W}, price: 0.01EUR/h" + keys + "}\n";
    return hall_of(nodes);
  };
  const proto::Plan first = plan_of(intent_of(text), machines(""));
  CHECK(first.placements(0).node() == "left");
  CHECK(first.placements(1).node() == "right");
  CHECK(first.suspended().empty());
  auto moved = [&](const std::string &keys) {
    const proto::Plan plan = plan_of(intent_of(text), applied(first, machines(keys)));
    CHECK(suspended(plan).size() == (plan.placements(0).node() == plan.placements(1).node()));
    return std::count_if(plan.actions().begin(), plan.actions().end(),
                         [](const proto::Action &action) { return action.verb() == "move"; });
  };
  CHECK(moved(sleeps) == 1);
  // Of 100 mW nobody moves for, as the other node takes more of the price.
  CHECK(moved(", suspend: {power: 7.9W}") == 0);
}

TEST_CASE("nodes of a cluster are not suspended") {
  const proto::Plan plan =
      plan_of(intent_of("nemo = 1\nselect any { require node.site.country == \"GR\" }\ncluster lab "
                        "{ on = [any]; nodes = 2; controllers = 1 }\n"),
              hall_of(hall_node("a", sleeps) + hall_node("b", sleeps) + hall_node("c", sleeps)));
  CHECK(plan.clusters(0).nodes_size() == 2);
  CHECK(suspended(plan).size() == 1);
}

TEST_CASE("small plans cost what the best placement costs") {
  std::mt19937 random(5);
  auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  int best = 0, matters = 0;
  constexpr int rounds = 100;
  for (int round = 0; round < rounds; ++round) {
    struct Machine {
      unsigned cores, idle, extra, price;
    };
    std::vector<Machine> machines;
    std::string nodes, text = "nemo = 1\nstack = \"shop\"\n";
    for (int n = 0; n < 3; ++n) {
      const Machine one{4 + below(5), 2 + below(9), 5 + below(20), 1 + below(9)};
      machines.push_back(one);
      nodes += fmt::format("  - {{name: n{}, site: s, resources: {{cpu: {}core, memory: 64GiB}}, "
                           "power: {{idle: {}W, max: {}W}}, price: 0.00{}EUR/h, suspend: {{power: "
                           "1W}}}}\n",
                           n, one.cores, one.idle, one.idle + one.extra, one.price);
    }
    std::vector<unsigned> sizes;
    for (int w = 0; w < 4; ++w) {
      sizes.push_back(1 + below(2));
      text +=
          fmt::format("workload w{} {{ exec = [\"/bin/w\"]; resources {{ cpu = {}core; memory = "
                      "1MiB }} }}\n",
                      w, sizes.back());
    }
    INFO("round " << round << "\n" << nodes << text);
    double least = 1e9, least_alone = 1e9;
    double without = 0;                     // what it costs to look at the replicas alone
    for (int code = 0; code < 81; ++code) { // every placement of four on three
      std::vector<unsigned> used(3);
      double cost = 0;
      for (int w = 0, rest = code; w < 4; ++w, rest /= 3) {
        const Machine &on = machines[static_cast<size_t>(rest % 3)];
        used[static_cast<size_t>(rest % 3)] += sizes[static_cast<size_t>(w)];
        // 1e-6 EUR/h: a share of the price, and of what is drawn above idle at 0.5 EUR/kWh
        cost += sizes[static_cast<size_t>(w)] * (on.price * 1000.0 + on.extra * 500.0) / on.cores;
      }
      const double alone = cost;
      bool fits = true;
      for (size_t n = 0; n < 3; ++n) {
        fits &= used[n] <= machines[n].cores;
        cost += used[n] > 0 ? (machines[n].idle - 1) * 500.0 : 0;
      }
      if (fits)
        least = std::min(least, cost);
      if (fits && alone < least_alone) {
        least_alone = alone;
        without = cost;
      }
    }
    const proto::Plan plan = plan_of(intent_of(text), hall_of(nodes));
    CHECK(suspended(plan).size() <= 2);
    const auto value = static_cast<double>(plan.objective().value_ueur_per_hour());
    REQUIRE(value > least - 4); // each of the four is rounded
    best += value < least + 4;
    matters += without > least + 4;
  }
  CHECK(best == rounds);
  CHECK(matters > 10);
}
