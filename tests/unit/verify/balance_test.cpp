// What uneven nodes cost, and that plans weigh it against everything else.
#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

constexpr unsigned nodes = 3;

/// Nodes that draw nothing, so that a replica costs its share of the node's price.
struct Instance {
  std::vector<unsigned> cores, price; ///< by node; thousandths of an EUR/h
  std::vector<unsigned> asked;        ///< by replica, cores
  unsigned balance = 0;               ///< thousandths of an EUR/h for a core

  std::string fleet() const {
    std::string text = "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites: {s: {country: GR, carbon: "
                       "100gCO2e/kWh, price: 0.5EUR/kWh}}\nnodes:\n";
    for (unsigned n = 0; n < nodes; ++n)
      text += fmt::format("  - {{name: n{}, site: s, resources: {{cpu: {}core, memory: 512GiB}}, "
                          "power: {{idle: 0W, max: 0W}}, price: 0.{:03}EUR/h}}\n",
                          n, cores[n], price[n]);
    return text;
  }

  std::string intent() const {
    std::string text = fmt::format("nemo = 1\nstack = \"even\"\nobjective o {{ minimize cost; "
                                   "balance = 0.{:03}EUR/core/h }}\n",
                                   balance);
    for (size_t r = 0; r < asked.size(); ++r)
      text += fmt::format("workload w{} {{ exec = [\"/bin/w\"]; resources {{ cpu = {}core; memory "
                          "= 1MiB }} }}\n",
                          r, asked[r]);
    return text;
  }

  /// 1e-6 EUR/h of the cheapest placement that there is room for; nullopt: there is none.
  std::optional<double> least() const {
    std::vector<unsigned> used(nodes);
    std::optional<double> best;
    double all = 0, load = 0;
    for (unsigned c : cores)
      all += c;
    for (unsigned a : asked)
      load += a;
    const std::function<void(size_t, double)> place = [&](size_t r, double cost) {
      if (r == asked.size()) {
        for (unsigned n = 0; n < nodes; ++n)
          cost += 1e3 * balance *
                  std::max(used[n] - std::ceil(1000 * cores[n] * load / all) / 1000, 0.0);
        best = std::min(best.value_or(cost), cost);
        return;
      }
      for (unsigned n = 0; n < nodes; ++n)
        if (used[n] + asked[r] <= cores[n]) {
          used[n] += asked[r];
          place(r + 1, cost + 1e3 * price[n] * asked[r] / cores[n]);
          used[n] -= asked[r];
        }
    };
    place(0, 0);
    return best;
  }
};

} // namespace

TEST_CASE("what is reserved above a node's even share is paid for") {
  // 4 of 8 cores, so half of each node is even. On n0 all four are two too many.
  Instance town{{4, 2, 2}, {1, 9, 9}, {1, 1, 1, 1}, 0};
  town.balance = 2;
  const proto::Plan together = plan_of(intent_of(town.intent()), fleet_of(town.fleet()));
  CHECK(together.objective().imbalance_ueur_per_hour() == 2 * 2000);
  CHECK(together.objective().value_ueur_per_hour() == 4 * 250 + 2 * 2000);
  CHECK(verify::verify(together).empty());
  town.balance = 5; // more than the 4250 that another node costs
  const proto::Plan even = plan_of(intent_of(town.intent()), fleet_of(town.fleet()));
  CHECK(even.objective().imbalance_ueur_per_hour() == 0);
  CHECK(even.objective().value_ueur_per_hour() == 2 * 250 + 2 * 4500);
  proto::Plan wrong = even;
  wrong.mutable_objective()->set_imbalance_ueur_per_hour(1);
  CHECK_FALSE(verify::verify(sealed(wrong)).empty());
}

TEST_CASE("what others reserve is a part of what is even") {
  Instance town{{4, 4, 4}, {1, 1, 1}, {1, 1}, 9};
  proto::Fleet fleet = fleet_of(town.fleet());
  proto::PartState &part = *fleet.add_parts();
  part.mutable_part()->set_stack("other");
  part.mutable_part()->set_node("n0");
  proto::Instance &heavy = *part.mutable_part()->add_instances();
  heavy.set_workload("heavy");
  heavy.mutable_spec()->mutable_resources()->set_cpu_millicores(3000);
  const proto::Plan plan = plan_of(intent_of(town.intent()), fleet);
  CHECK(verify::verify(plan).empty());
  CHECK(plan.placements(0).node() != plan.placements(1).node());
  for (const proto::Placement &placement : plan.placements())
    CHECK(placement.node() != "n0");
  CHECK(plan.objective().imbalance_ueur_per_hour() == 0);
}

TEST_CASE("no placement is cheaper than the one that weighs balance") {
  std::mt19937 random(7);
  const auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  unsigned placed = 0, best = 0, uneven = 0;
  for (int round = 0; round < 100; ++round) {
    Instance instance;
    for (unsigned n = 0; n < nodes; ++n) {
      instance.cores.push_back(2 + below(7));
      instance.price.push_back(1 + below(40));
    }
    for (unsigned r = 0, replicas = 2 + below(4); r < replicas; ++r)
      instance.asked.push_back(1 + below(3));
    instance.balance = 1 + below(12);
    INFO(instance.fleet() << instance.intent());
    const std::optional<double> least = instance.least();
    if (!least)
      continue;
    const proto::Plan plan = plan_of(intent_of(instance.intent()), fleet_of(instance.fleet()));
    const std::vector<Diagnostic> faults = verify::verify(plan);
    INFO(said(faults));
    REQUIRE(faults.empty());
    const auto value = static_cast<double>(plan.objective().value_ueur_per_hour());
    const double digits = 1 + static_cast<double>(instance.asked.size()); // each is rounded
    REQUIRE(value >= *least - digits);
    ++placed;
    best += value <= *least + digits;
    uneven += plan.objective().imbalance_ueur_per_hour() > 0;
  }
  INFO(placed << " placed, " << best << " of them as cheaply as can be, " << uneven << " unevenly");
  CHECK(placed > 60);
  CHECK(uneven > 10);
  CHECK(best == placed);
}
