// Flows that pay for links: against all placements of small fleets.
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/binding.h"
#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

struct Small {
  std::vector<double> node_price;         ///< EUR/h of a whole node
  std::vector<std::vector<double>> links; ///< EUR/GiB between nodes
  size_t workloads = 0;
  std::vector<std::array<size_t, 3>> flows; ///< from, to, Mbit/s

  std::string fleet() const {
    std::string text =
        "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites: {s: {price: 0EUR/kWh}}\nnodes:\n";
    for (size_t n = 0; n < node_price.size(); ++n)
      text += fmt::format("  - {{name: n{}, site: s, resources: {{cpu: 3core, memory: 64GiB}}, "
                          "power: {{idle: 0W, max: 0W}}, price: {:.3f}EUR/h}}\n",
                          n, node_price[n]);
    text += "links:\n";
    for (size_t a = 0; a < links.size(); ++a)
      for (size_t b = 0; b < a; ++b)
        text += fmt::format("  - {{from: n{}, to: n{}, latency: 1ms, bandwidth: 10Gbit/s, price: "
                            "{:.3f}EUR/GiB}}\n",
                            a, b, links[a][b]);
    return text;
  }

  std::string intent() const {
    std::string text = "nemo = 1\n";
    for (size_t w = 0; w < workloads; ++w)
      text += fmt::format("workload w{} {{ exec = [\"/bin/w\"]; resources {{ cpu = 1core; memory = "
                          "1MiB }} }}\n",
                          w);
    for (size_t f = 0; f < flows.size(); ++f)
      text += fmt::format("flow f{} {{ from = w{}; to = w{}; bandwidth = {}Mbit/s }}\n", f,
                          flows[f][0], flows[f][1], flows[f][2]);
    return text;
  }

  double cost(const std::vector<size_t> &on) const {
    double sum = 0;
    for (size_t node : on)
      sum += node_price[node] / 3;
    for (const auto &[from, to, rate] : flows)
      sum += on[from] == on[to] ? 0
                                : static_cast<double>(rate) * 1e6 * 3600 / 8589934592.0 *
                                      links[std::max(on[from], on[to])][std::min(on[from], on[to])];
    return sum;
  }

  double least() const {
    double best = 1e9;
    std::vector<size_t> on(workloads);
    size_t all = 1;
    for (size_t w = 0; w < workloads; ++w)
      all *= node_price.size();
    for (size_t code = 0; code < all; ++code) {
      std::vector<size_t> used(node_price.size());
      bool fits = true;
      size_t rest = code;
      for (size_t &node : on) {
        node = rest % node_price.size();
        rest /= node_price.size();
        fits &= ++used[node] <= 3;
      }
      if (fits)
        best = std::min(best, cost(on));
    }
    return best;
  }
};

} // namespace

TEST_CASE("what flows pay is in the total, whose bound holds for every placement") {
  std::mt19937 random(3);
  const auto below = [&](size_t limit) { return random() % limit; };
  int found = 0;
  const int rounds = 80;
  for (int round = 0; round < rounds; ++round) {
    Small small;
    small.workloads = 2 + below(3);
    for (size_t n = 2 + below(2); n > 0; --n)
      small.node_price.push_back(0.1 + 0.001 * static_cast<double>(below(400)));
    for (size_t a = 0; a < small.node_price.size(); ++a) {
      small.links.emplace_back();
      for (size_t b = 0; b < a; ++b)
        small.links[a].push_back(0.001 * static_cast<double>(1 + below(50)));
    }
    for (size_t f = 1 + below(3); f > 0; --f)
      if (const size_t from = below(small.workloads), to = below(small.workloads); from != to)
        small.flows.push_back({from, to, 1 + below(40)});
    const proto::Plan plan = plan_of(intent_of(small.intent()), fleet_of(small.fleet()));
    const std::vector<Diagnostic> faults = verify::verify(plan);
    INFO(said(faults) << small.fleet() << small.intent());
    REQUIRE(faults.empty());
    std::vector<size_t> on;
    for (const proto::Placement &placement : plan.placements())
      on.push_back(static_cast<size_t>(placement.node()[1] - '0'));
    const double value = static_cast<double>(plan.objective().value_ueur_per_hour()) / 1e6;
    const double least = small.least();
    CHECK(value == Approx(small.cost(on)).margin(3e-6));
    CHECK(static_cast<double>(plan.after().ueur_per_hour()) / 1e6 == Approx(value).margin(1e-9));
    CHECK(static_cast<double>(plan.objective().bound_ueur_per_hour()) / 1e6 <= least + 3e-6);
    CHECK(value >= least - 3e-6);
    found += value <= least + 3e-6;
  }
  CHECK(found == rounds);
}

TEST_CASE("another price of a link makes another plan") {
  Small small{{0.3, 0.1}, {{}, {0.05}}, 2, {{0, 1, 20}}};
  proto::Plan plan = plan_of(intent_of(small.intent() + "policy p { deny workload.name == \"w0\" "
                                                        "and node.name == \"n1\" }\n"),
                             fleet_of(small.fleet()));
  // 20 Mbit/s are 8.38 GiB/h: w1 goes to the dearer node of w0, and nothing is paid.
  CHECK(plan.placements(1).node() == "n0");
  CHECK(plan.placements(1).reason().find("or its flows pay more there") != std::string::npos);
  small.links[1][0] = 0.001;
  plan = plan_of(intent_of(small.intent() + "policy p { deny workload.name == \"w0\" and node.name "
                                            "== \"n1\" }\n"),
                 fleet_of(small.fleet()));
  CHECK(plan.placements(1).node() == "n1");
  CHECK(plan.placements(0).reason().find("; pays 0.008382EUR/h for what it sends") !=
        std::string::npos);
  plan.mutable_facts()->mutable_links(0)->set_price_neur_per_gib(2'000'000);
  plan.set_facts_digest(plan::facts_digest(plan.facts()));
  CHECK(!verify::verify(sealed(plan)).empty());
}
