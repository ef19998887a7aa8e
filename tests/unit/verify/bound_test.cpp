// How far from the best a plan is said to be: against all placements of small fleets in which nodes
// sleep, flows pay, delays are limited, replicas are spread and preferences have a price.
#include <optional>
#include <random>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

struct Sample {
  static constexpr size_t size = 3; ///< nodes
  struct Machine {
    unsigned cores, price, idle; ///< 1e-3 EUR/h; W, 0: it cannot be suspended
    bool edge;
  };
  struct Service {
    unsigned replicas, cores;
    bool spread, prefers;
    std::optional<size_t> near;
  };
  std::vector<Machine> machines;
  unsigned delay[size][size] = {}, price[size][size] = {}; ///< ms; 1e-3 EUR/GiB
  std::vector<Service> services;
  std::vector<std::array<size_t, 3>> flows; ///< from, to, Mbit/s
  static constexpr unsigned within = 5;     ///< ms

  explicit Sample(std::mt19937 &random) {
    const auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
    for (size_t n = 0; n < size; ++n)
      machines.push_back(
          {2 + below(4), 10 + below(90), below(2) ? 1 + below(40) : 0, below(2) == 0});
    for (size_t a = 0; a < size; ++a)
      for (size_t b = 0; b < a; ++b) {
        delay[a][b] = delay[b][a] = 4 + below(3);
        price[a][b] = price[b][a] = below(40);
      }
    for (unsigned w = 0, count = 2 + below(2); w < count; ++w) {
      Service service{1 + below(2), 1 + below(2), below(3) == 0, below(3) == 0, {}};
      if (w > 0 && below(3) == 0)
        service.near = below(w);
      services.push_back(service);
    }
    for (unsigned f = below(3); f > 0; --f)
      if (const size_t from = below(services.size()), to = below(services.size()); from != to)
        flows.push_back({from, to, 1 + below(30)});
  }

  std::string fleet() const {
    std::string text =
        "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites: {s: {price: 0.5EUR/kWh}}\nnodes:\n";
    for (size_t n = 0; n < size; ++n)
      text += fmt::format(
          "  - {{name: n{}, site: s, class: {}, resources: {{cpu: {}core, memory: 64GiB}}, power: "
          "{{idle: {}W, max: {}W}}, price: {:.3f}EUR/h{}}}\n",
          n, machines[n].edge ? "edge" : "cloud", machines[n].cores, machines[n].idle,
          machines[n].idle, machines[n].price / 1e3,
          machines[n].idle > 0 ? ", suspend: {power: 0W}" : "");
    text += "links:\n";
    for (size_t a = 0; a < size; ++a)
      for (size_t b = 0; b < a; ++b)
        text += fmt::format("  - {{from: n{}, to: n{}, latency: {}ms, bandwidth: 10Gbit/s, price: "
                            "{:.3f}EUR/GiB}}\n",
                            a, b, delay[a][b], price[a][b] / 1e3);
    return text;
  }

  std::string intent() const {
    std::string text = "nemo = 1\nstack = \"shop\"\n";
    for (size_t w = 0; w < services.size(); ++w) {
      const Service &one = services[w];
      text += fmt::format("workload w{} {{ exec = [\"/bin/w\"]; replicas = {}; resources {{ cpu = "
                          "{}core; memory = 1MiB }}\n  place {{ ",
                          w, one.replicas, one.cores);
      if (one.spread)
        text += "spread = node; ";
      if (one.prefers)
        text += "prefer node.class == edge; ";
      if (one.near)
        text += fmt::format("affinity {{ to = w{}; within = {}ms }}", *one.near, within);
      text += " }\n}\n";
    }
    for (size_t f = 0; f < flows.size(); ++f)
      text += fmt::format("flow f{} {{ from = w{}; to = w{}; bandwidth = {}Mbit/s }}\n", f,
                          flows[f][0], flows[f][1], flows[f][2]);
    return text;
  }

  // Routes over a third node have no less delay: at least 8 ms, of one link at most 6.
  std::optional<double> cost(const std::vector<std::vector<size_t>> &on) const {
    double sum = 0;
    std::vector<unsigned> used(size);
    for (size_t w = 0; w < services.size(); ++w) {
      const Service &one = services[w];
      if (one.spread && std::set<size_t>(on[w].begin(), on[w].end()).size() < on[w].size())
        return std::nullopt;
      for (size_t node : on[w]) {
        used[node] += one.cores;
        sum += machines[node].price * 1e3 * one.cores / machines[node].cores +
               (one.prefers && !machines[node].edge ? 10'000 : 0);
        if (one.near && std::none_of(on[*one.near].begin(), on[*one.near].end(),
                                     [&](size_t other) { return delay[node][other] <= within; }))
          return std::nullopt;
      }
    }
    for (size_t n = 0; n < size; ++n) {
      if (used[n] > machines[n].cores)
        return std::nullopt;
      sum += used[n] > 0 ? machines[n].idle * 500.0 : 0;
    }
    for (const auto &[from, to, rate] : flows)
      for (size_t a : on[from])
        for (size_t b : on[to])
          sum += price[a][b] * static_cast<double>(rate) * 1e6 * 3600 * 1e3 / 8589934592.0 /
                 static_cast<double>(on[from].size() * on[to].size());
    return sum;
  }

  std::optional<double> least() const {
    std::vector<std::vector<size_t>> on;
    for (const Service &service : services)
      on.emplace_back(service.replicas);
    std::optional<double> best;
    for (bool more = true; more;) {
      if (const auto sum = cost(on))
        best = std::min(best.value_or(*sum), *sum);
      more = false;
      for (auto &replicas : on)
        for (size_t &node : replicas)
          if (!more)
            more = (node = (node + 1) % size) != 0;
    }
    return best;
  }
};

/// The bound that prices of room and flows prove by themselves, as verification says it.
int64_t relaxed(proto::Plan plan) {
  if (plan.objective().bound_model() == explain::bound_model())
    return plan.objective().bound_ueur_per_hour();
  plan.mutable_objective()->set_bound_model(explain::bound_model());
  for (const Diagnostic &fault : verify::verify(sealed(plan)))
    if (fault.message.find("objective.bound_ueur_per_hour") != std::string::npos)
      for (const Note &note : fault.notes)
        if (note.text.find("expected: ") == 0)
          return std::stoll(note.text.substr(10));
  return INT64_MAX;
}

} // namespace

TEST_CASE("no placement costs less than the bound, and small plans are proved the best") {
  std::mt19937 random(11);
  int placed = 0, best = 0, proved = 0, relaxation = 0;
  for (int round = 0; round < 150; ++round) {
    const Sample sample(random);
    INFO(sample.fleet() << sample.intent());
    const std::optional<double> least = sample.least();
    if (!least)
      continue;
    const proto::Plan plan = plan_of(intent_of(sample.intent()), fleet_of(sample.fleet()));
    const std::vector<Diagnostic> faults = verify::verify(plan);
    INFO(said(faults));
    REQUIRE(faults.empty());
    ++placed;
    constexpr double digits = 10; // each replica and node is rounded
    const auto value = static_cast<double>(plan.objective().value_ueur_per_hour());
    REQUIRE(value >= *least - digits);
    REQUIRE(static_cast<double>(plan.objective().bound_ueur_per_hour()) <= *least + digits);
    const auto by_prices = static_cast<double>(relaxed(plan));
    REQUIRE(by_prices <= *least + digits);
    best += value <= *least + digits;
    proved += plan.objective().gap() == 0;
    relaxation += by_prices >= *least * 0.9;
  }
  INFO(placed << " placed, " << best << " as cheaply as can be, " << proved << " proved to be, "
              << relaxation << " within a tenth by prices alone");
  CHECK(placed > 80);
  CHECK(best == placed);
  CHECK(proved == placed);
  CHECK(relaxation >= 60);
}
