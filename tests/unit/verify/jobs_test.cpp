// Jobs in time: the start is the cheapest of all hours on all nodes, what has begun stays, and a
// start outside of the window does not hold.
#include <cmath>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

struct Grid {
  std::vector<double> prices; ///< by hour; behind them `now`
  double now = 0;
  double at(int64_t hour) const {
    return hour < static_cast<int64_t>(prices.size()) ? prices[static_cast<size_t>(hour)] : now;
  }
};

proto::Fleet fleet_with(const std::vector<Grid> &grids, const std::string &at) {
  std::string sites, nodes;
  for (size_t i = 0; i < grids.size(); ++i) {
    std::string hours;
    for (double price : grids[i].prices)
      hours += fmt::format("{}{:.2f}EUR/kWh", hours.empty() ? "" : ", ", price);
    sites += fmt::format("  s{}: {{price: {:.2f}EUR/kWh, price-forecast: [{}]}}\n", i, grids[i].now,
                         hours);
    nodes += fmt::format("  - {{name: n{0}, site: s{0}, resources: {{cpu: 4core, memory: 4GiB}}, "
                         "power: {{idle: 0W, max: 4000W}}, price: 0EUR/h}}\n",
                         i);
  }
  return fleet_of("fleet: 1\nat: " + at + "\nsites:\n" + sites + "nodes:\n" + nodes);
}

std::string job(const std::string &window) {
  return "nemo = 1\nworkload nightly {\n  exec = [\"/bin/backup\"]\n"
         "  resources { cpu = 1core; memory = 1MiB }\n  job { " +
         window + " }\n}\n";
}

const proto::Placement &only(const proto::Plan &plan) {
  REQUIRE(plan.placements_size() == 1);
  const std::vector<Diagnostic> faults = verify::verify(plan);
  INFO(said(faults));
  CHECK(faults.empty());
  return plan.placements(0);
}

} // namespace

TEST_CASE("a job starts where and when no other start is cheaper") {
  std::mt19937 random(5);
  const auto below = [&](uint32_t limit) { return random() % limit; };
  for (int round = 0; round < 60; ++round) {
    std::vector<Grid> grids(1 + below(3));
    for (Grid &grid : grids) {
      grid.now = 0.01 * below(40);
      grid.prices.resize(below(12));
      for (double &price : grid.prices)
        price = 0.01 * below(40);
    }
    const int minutes = 20 + static_cast<int>(below(240)),
              window = minutes + static_cast<int>(below(700));
    // One core of four at 4 kW without idle power: a kilowatt. By minutes, which hits every hour.
    double least = 1e9;
    for (const Grid &grid : grids)
      for (int start = 0; start + minutes <= window; start += 60) {
        double cost = 0;
        for (int minute = start; minute < start + minutes; ++minute)
          cost += grid.at(minute / 60) / 60;
        least = std::min(least, cost);
      }
    const auto at = *from_rfc3339("2026-11-24T08:00:00Z");
    const std::string deadline = to_rfc3339(at + std::chrono::minutes(window), 0);
    const proto::Plan plan = plan_of(
        intent_of(job(fmt::format("duration = {}min; deadline = \"{}\"", minutes, deadline))),
        fleet_with(grids, "2026-11-24T08:00:00Z"));
    CHECK(std::fabs(static_cast<double>(only(plan).cost_ueur_per_hour()) - least * 1e6) <= 1);
    CHECK(plan.objective().bound_ueur_per_hour() == plan.objective().value_ueur_per_hour());
  }
}

TEST_CASE("a job that has begun stays, one that waits keeps its time unless another saves more") {
  const Grid dear{{0.3, 0.3, 0.1, 0.3}, 0.3}, cheap{{}, 0.01};
  const proto::Intent intent = intent_of(job("duration = 1h; deadline = \"2026-11-24T18:00:00Z\""));
  const proto::Fleet before = fleet_with({dear}, "2026-11-24T08:00:00Z");
  const proto::Plan first = plan_of(intent, before);
  CHECK(only(first).starts_at() == "2026-11-24T10:00:00Z");
  proto::Fleet fleet = applied(first, before);
  const auto again = [&](const std::vector<Grid> &grids, const std::string &at) {
    const proto::Fleet now = fleet_with(grids, at);
    fleet.set_at(now.at());
    *fleet.mutable_sites() = now.sites();
    *fleet.mutable_nodes() = now.nodes();
    return plan_of(intent, fleet);
  };
  // Half an hour later the whole hours from then on are others: it stays with what it was told.
  const proto::Plan later = again({{{0.30, 0.10, 0.10, 0.3}, 0.3}}, "2026-11-24T08:30:00Z");
  CHECK(only(later).starts_at() == "2026-11-24T10:00:00Z");
  CHECK(later.actions(0).verb() == "keep");
  const proto::Plan sooner = again({{{0.01, 0.2, 0.1, 0.3}, 0.3}}, "2026-11-24T08:30:00Z");
  CHECK(only(sooner).starts_at() == "2026-11-24T08:30:00Z");
  CHECK(sooner.parts(0).instances(0).start_at() == "2026-11-24T08:30:00Z");
  // Begun: neither a cheaper node nor the end of its window moves it.
  for (const char *at : {"2026-11-24T10:00:00Z", "2026-11-24T10:20:00Z", "2026-11-25T08:00:00Z"}) {
    const proto::Plan plan = again({dear, cheap}, at);
    CHECK(only(plan).node() == "n0");
    CHECK(plan.placements(0).starts_at() == "2026-11-24T10:00:00Z");
    CHECK(plan.actions(0).verb() == "keep");
  }
  // Its node is gone: it runs once more, elsewhere, and at once.
  const proto::Fleet now = fleet_with({dear, cheap}, "2026-11-25T08:00:00Z");
  fleet.set_at(now.at());
  *fleet.mutable_nodes() = now.nodes();
  fleet.mutable_nodes()->DeleteSubrange(0, 1);
  *fleet.mutable_sites() = now.sites();
  const proto::Plan lost = plan_of(intent, fleet);
  CHECK(only(lost).node() == "n1");
  CHECK(lost.placements(0).starts_at() == "2026-11-25T08:00:00Z");
}

TEST_CASE("a deadline that is a duration counts from the first plan, also when it is made again") {
  const proto::Intent intent = intent_of(job("duration = 1h; deadline = 4h"));
  const Grid now{{0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.1}, 0.3}; // at 14:00
  const proto::Fleet before = fleet_with({now}, "2026-11-24T08:00:00Z");
  const proto::Plan first = plan_of(intent, before);
  CHECK(only(first).starts_at() == "2026-11-24T08:00:00Z"); // the cheap hour is too late
  CHECK(first.parts(0).instances(0).planned_at() == "2026-11-24T08:00:00Z");
  // Nothing was applied: two hours later it is the first plan again.
  const proto::Plan anew =
      plan_of(intent, fleet_with({{{0.3, 0.3, 0.1}, 0.3}}, "2026-11-24T10:00:00Z"));
  CHECK(only(anew).starts_at() == "2026-11-24T12:00:00Z");
  CHECK(anew.parts(0).instances(0).planned_at() == "2026-11-24T10:00:00Z");
  // It was to start at 11:00, and the cheaper hour that is seen by then is past 12:00.
  const proto::Fleet cheap = fleet_with({{{0.3, 0.3, 0.3, 0.1}, 0.3}}, "2026-11-24T08:00:00Z");
  const proto::Plan waiting = plan_of(intent, cheap);
  CHECK(only(waiting).starts_at() == "2026-11-24T11:00:00Z");
  proto::Fleet fleet = applied(waiting, cheap);
  const proto::Fleet later = fleet_with({{{0.3, 0.3, 0.01}, 0.3}}, "2026-11-24T10:00:00Z");
  fleet.set_at(later.at());
  *fleet.mutable_sites() = later.sites();
  const proto::Plan again = plan_of(intent, fleet);
  CHECK(only(again).starts_at() == "2026-11-24T11:00:00Z");
  CHECK(again.parts(0).instances(0).planned_at() == "2026-11-24T08:00:00Z");
  proto::Plan wrong = again;
  wrong.mutable_parts(0)->mutable_instances(0)->set_planned_at("2026-11-24T10:00:00Z");
  CHECK_FALSE(verify::verify(sealed(wrong)).empty());
}

TEST_CASE("a start outside of the window, or between whole hours, does not hold") {
  const proto::Intent intent = intent_of(job(
      "duration = 1h; earliest = \"2026-11-24T09:10:00Z\"; deadline = \"2026-11-24T18:00:00Z\""));
  const proto::Plan plan = plan_of(intent, fleet_with({{{}, 0.2}}, "2026-11-24T08:00:00Z"));
  CHECK(only(plan).starts_at() == "2026-11-24T09:10:00Z");
  const auto moved = [&](const std::string &start) {
    proto::Plan other = plan;
    other.mutable_placements(0)->set_starts_at(start);
    std::string &reason = *other.mutable_placements(0)->mutable_reason();
    reason = reason.substr(0, reason.find("; starts at ")) + "; starts at " + start;
    other.mutable_parts(0)->mutable_instances(0)->set_start_at(start);
    return verify::verify(sealed(other)).empty();
  };
  CHECK(moved("2026-11-24T10:00:00Z")); // costs the same
  CHECK(moved("2026-11-24T17:00:00Z"));
  CHECK(!moved("2026-11-24T17:10:00Z"));
  CHECK(!moved("2026-11-24T18:00:00Z"));
  CHECK(!moved("2026-11-24T09:00:00Z"));
  CHECK(!moved("2026-11-24T10:30:00Z"));
  CHECK(!moved("soon"));
  CHECK(!moved(""));
}
