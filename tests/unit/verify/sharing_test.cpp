// Jobs that never run at once share room, with each other and with what is low at their hours; and
// no plan holds that lets them overlap.
#include <random>
#include <stdexcept>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

constexpr const char *night = "2026-11-24T18:00:00Z";

std::string gateways(uint32_t count, const std::vector<uint32_t> &cores) {
  std::string text = fmt::format("fleet: 1\nat: {}\nsites:\n  s: {{price: 0.20EUR/kWh, "
                                 "price-forecast: [0.2EUR/kWh, 0.3EUR/kWh, 0.1EUR/kWh]}}\nnodes:\n",
                                 night);
  for (uint32_t n = 0; n < count; ++n)
    text +=
        fmt::format("  - {{name: n{}, site: s, resources: {{cpu: {}core, memory: 8GiB}}, power: "
                    "{{idle: 3W, max: 12W}}, price: 0.0{}EUR/h}}\n",
                    n, cores[n], n + 1);
  return text;
}

std::string turn(const std::string &name, uint32_t cores, uint32_t hours, uint32_t within) {
  return fmt::format("workload {} {{\n  exec = [\"/bin/run\"]\n  resources {{ cpu = {}core; memory "
                     "= 1GiB }}\n  job {{ duration = {}h; deadline = {}h }}\n}}\n",
                     name, cores, hours, within);
}

std::string peaking(const std::string &name, uint32_t low, uint32_t from, uint32_t to,
                    uint32_t high) {
  return fmt::format("workload {} {{\n  exec = [\"/bin/serve\"]\n  resources {{ cpu = {}core; "
                     "memory = 1GiB; hours {{ between = {}..{}; cpu = {}core }} }}\n}}\n",
                     name, low, from, to, high);
}

int64_t minutes(const std::string &time) {
  return std::chrono::duration_cast<std::chrono::minutes>(*from_rfc3339(time) -
                                                          *from_rfc3339(night))
      .count();
}

std::vector<Diagnostic> with_start(proto::Plan plan, int placement, const std::string &start) {
  proto::Placement &one = *plan.mutable_placements(placement);
  one.set_starts_at(start);
  std::string &reason = *one.mutable_reason();
  reason = reason.substr(0, reason.find("; starts at ")) + "; starts at " + start;
  for (proto::Part &part : *plan.mutable_parts())
    for (proto::Instance &instance : *part.mutable_instances())
      if (instance.workload() == one.workload())
        instance.set_start_at(start);
  return verify::verify(sealed(plan));
}

bool about_room(const std::vector<Diagnostic> &faults) {
  for (const Diagnostic &fault : faults)
    if (fault.id == "N0715" && fault.message.find("minutes from now") != std::string::npos)
      return true;
  return false;
}

} // namespace

TEST_CASE("two jobs of a whole node run on it one after the other, and never at once") {
  const proto::Intent intent = intent_of("nemo = 1\n" + turn("a", 4, 2, 8) + turn("b", 4, 2, 8));
  const proto::Fleet fleet = fleet_of(gateways(1, {4}));
  const proto::Plan plan = plan_of(intent, fleet);
  CHECK(said(verify::verify(plan)) == "");
  REQUIRE(plan.placements_size() == 2);
  const int64_t a = minutes(plan.placements(0).starts_at()),
                b = minutes(plan.placements(1).starts_at());
  CHECK(std::abs(a - b) >= 120);
  CHECK(about_room(with_start(plan, 1, plan.placements(0).starts_at())));
  // Once they are told, they keep their times; and what has begun is not in the other's way.
  proto::Fleet then = applied(plan, fleet);
  for (const char *at : {"2026-11-24T18:20:00Z", "2026-11-24T20:20:00Z", "2026-11-24T21:50:00Z"}) {
    then.set_at(at);
    const proto::Plan later = plan_of(intent, then);
    CHECK(said(verify::verify(later)) == "");
    for (int i = 0; i < 2; ++i)
      CHECK(later.placements(i).starts_at() == plan.placements(i).starts_at());
    for (const proto::Action &action : later.actions())
      CHECK(action.verb() == "keep");
  }
}

TEST_CASE("a job runs when what it shares a node with is low") {
  const proto::Intent intent =
      intent_of("nemo = 1\n" + turn("a", 3, 3, 14) + peaking("web", 1, 6, 21, 4));
  const proto::Plan plan = plan_of(intent, fleet_of(gateways(1, {4})));
  CHECK(said(verify::verify(plan)) == "");
  REQUIRE(plan.placements_size() == 2);
  CHECK(minutes(plan.placements(0).starts_at()) >= 180);
  CHECK(about_room(with_start(plan, 0, "2026-11-24T20:00:00Z"))); // into the peak
  CHECK_THROWS_AS(
      plan_of(intent_of("nemo = 1\n" + turn("a", 3, 3, 5) + peaking("web", 1, 6, 21, 4)),
              fleet_of(gateways(1, {4}))),
      std::runtime_error); // there is no such hour
}

TEST_CASE("plans in which jobs share room hold, at every minute") {
  std::mt19937 random(7);
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  int made = 0, crowded = 0;
  for (int round = 0; round < 60; ++round) {
    const uint32_t nodes = 1 + below(3);
    std::vector<uint32_t> cores;
    for (uint32_t n = 0; n < nodes; ++n)
      cores.push_back(3 + below(4));
    std::string text = "nemo = 1\n";
    struct Job {
      uint32_t cores, hours;
    };
    std::vector<Job> jobs;
    for (uint32_t j = 0; j < 2 + below(4); ++j) {
      jobs.push_back({1 + below(4), 1 + below(3)});
      text += turn(fmt::format("j{}", j), jobs.back().cores, jobs.back().hours, 6 + below(8));
    }
    const bool day = below(2) == 0;
    const uint32_t low = 1 + below(2), high = low + 1 + below(2);
    if (day)
      text += peaking("web", low, 7, 20, high);
    proto::Plan plan;
    try {
      plan = plan_of(intent_of(text), fleet_of(gateways(nodes, cores)));
    } catch (const std::runtime_error &) {
      continue;
    }
    ++made;
    INFO(text << gateways(nodes, cores));
    CHECK(said(verify::verify(plan)) == "");
    for (uint32_t n = 0; n < nodes; ++n) {
      uint32_t all = 0;
      for (int64_t minute = 0; minute < 24 * 60; minute += 30) {
        uint32_t taken = 0;
        all = 0;
        for (int p = 0; p < plan.placements_size(); ++p) {
          const proto::Placement &placement = plan.placements(p);
          if (placement.node() != fmt::format("n{}", n))
            continue;
          if (placement.workload() == "web") {
            const int64_t hour = (18 + minute / 60) % 24;
            taken += hour >= 7 && hour < 20 ? high : low;
            all += high;
            continue;
          }
          const Job &job = jobs[static_cast<size_t>(placement.workload()[1] - '0')];
          const int64_t start = minutes(placement.starts_at());
          all += job.cores;
          if (start <= minute && minute < start + job.hours * 60)
            taken += job.cores;
        }
        CHECK(taken <= cores[n]);
      }
      crowded += all > cores[n];
    }
  }
  CHECK(made > 20);
  CHECK(crowded > 10);
}
