// Whatever the compiler plans holds: random intents on random fleets, changed and planned again on
// top of what runs, also half-way through. Seeds are fixed.
#include <algorithm>
#include <numeric>
#include <random>
#include <stdexcept>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

class Maker {
public:
  explicit Maker(unsigned seed) : random_(seed) {}

  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  bool chance(unsigned percent) { return below(100) < percent; }

  /// \param sleepers  per cent of the nodes that can be suspended
  std::string fleet(unsigned sleepers = 0) {
    std::string text = "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites:\n";
    for (int site = 0; site < 2; ++site)
      text += fmt::format("  s{}: {{country: {}, zone: z{}{}{}}}\n", site, site ? "FR" : "GR", site,
                          chance(80) ? fmt::format(", carbon: {}gCO2e/kWh", 50 + below(400)) : "",
                          chance(80) ? ", price: 0.2EUR/kWh" : "");
    text += "nodes:\n";
    const unsigned nodes = 2 + below(4);
    for (unsigned node = 0; node < nodes; ++node)
      text += fmt::format(
          "  - {{name: n{}, site: s{}, class: {}, resources: {{cpu: {}core, memory: "
          "{}GiB}}{}{}{}, sandboxes: [process]}}\n",
          node, below(2), chance(50) ? "edge" : "cloud", 2 + below(6), 2 + below(6),
          chance(85) ? fmt::format(", power: {{idle: {}W, max: {}W}}", 2 + below(5), 10 + below(90))
                     : "",
          chance(85) ? fmt::format(", price: 0.0{}EUR/h", 1 + below(9)) : "",
          sleepers > 0 && chance(sleepers)
              ? fmt::format(", suspend: {{power: {}W, wake: 20s}}", below(3))
              : "");
    return text;
  }

  /// \param priorities  per cent of the workloads that have one
  /// \param times  how much larger they are than usual
  std::string intent(unsigned priorities = 0, unsigned times = 1) {
    std::string text = "nemo = 1\nstack = \"shop\"\nselect edges { require node.class == edge }\n";
    const unsigned count = 2 + below(5);
    for (unsigned w = 0; w < count; ++w) {
      if (chance(15))
        continue;
      text += fmt::format("workload w{} {{\n  exec = [\"/bin/w\", \"{}\"]\n  replicas = {}\n", w,
                          below(2), 1 + below(3));
      text += fmt::format("  resources {{ cpu = {}mcore; memory = {}MiB }}\n",
                          (1 + below(5)) * 100 * times, 32 + below(200));
      if (w > 0 && chance(50) &&
          text.find(fmt::format("workload w{} ", w - 1)) != std::string::npos)
        text += fmt::format("  after = [w{}]\n", w - 1);
      if (chance(60))
        text += fmt::format("  ports {{ http = {} }}\n",
                            chance(50) ? "auto" : std::to_string(8000 + below(3)));
      if (chance(priorities))
        text += fmt::format("  priority = {}\n  gang = {}\n", below(4), chance(30));
      if (chance(25))
        text += "  mount { volume = \"data\"; target = \"/data\" }\n";
      if (chance(20))
        text += "  place { spread = node }\n";
      else if (chance(15))
        text += "  place { on = [edges] }\n";
      else if (priorities > 0 && chance(30))
        text += fmt::format("  place {{ prefer node.class == edge weight {} }}\n", 1 + below(3));
      text += "}\n";
    }
    if (chance(50))
      text += "objective o { minimize cost + carbon * 80EUR/tCO2e\n  prefer energy <= 20W }\n";
    else if (chance(30))
      text += "objective o { minimize energy }\n";
    return text;
  }

  /// Some of the start and some of the end: an apply that was cut.
  proto::Fleet halfway(const proto::Fleet &start, const proto::Plan &plan) {
    proto::Fleet end = applied(plan, start, 2), mixed = end;
    for (proto::PartState &state : *mixed.mutable_parts())
      for (const proto::Part &part : plan.parts())
        if (part.node() == state.part().node())
          *state.mutable_part()->mutable_instances() = part.instances();
    mixed.clear_running();
    for (const proto::Fleet *side : {&start, &std::as_const(end)})
      for (const proto::Running &running : side->running()) {
        bool known = !chance(60);
        for (const proto::Running &other : mixed.running())
          known |= other.workload() == running.workload() && other.replica() == running.replica() &&
                   other.node() == running.node() && other.revision() == running.revision();
        if (!known)
          *mixed.add_running() = running;
      }
    return mixed;
  }

private:
  std::mt19937 random_;
};

std::optional<proto::Plan> try_plan(const std::string &text, const proto::Fleet &fleet,
                                    bool destroy = false) {
  try {
    return plan_of(intent_of(text), fleet, destroy);
  } catch (const std::runtime_error &) {
    return std::nullopt; // no placement exists, or the text asks for the impossible
  }
}

} // namespace

TEST_CASE("whatever is planned holds") {
  int held = 0, changed = 0;
  for (unsigned seed = 1; seed <= 150; ++seed) {
    Maker maker(seed);
    const proto::Fleet fleet = fleet_of(maker.fleet());
    const std::string first = maker.intent(), second = maker.intent();
    INFO("seed " << seed << "\n" << first << "\nthen\n" << second);
    const auto plan = try_plan(first, fleet);
    if (!plan)
      continue;
    std::vector<Diagnostic> faults = verify::verify(*plan);
    INFO(said(faults));
    REQUIRE(faults.empty());
    ++held;
    const proto::Fleet running = applied(*plan, fleet);
    for (const auto &[text, from] :
         {std::pair{second, running}, {second, maker.halfway(running, *plan)}}) {
      const auto update = try_plan(text, from);
      if (!update)
        continue;
      std::vector<Diagnostic> found = verify::verify(*update);
      INFO(said(found));
      REQUIRE(found.empty());
      ++changed;
      if (const auto again = try_plan(first, maker.halfway(from, *update))) {
        std::vector<Diagnostic> late = verify::verify(*again);
        INFO("and back, half-way\n" << said(late));
        REQUIRE(late.empty());
      }
    }
  }
  CHECK(held > 50);
  CHECK(changed > 50);
}

namespace {

struct Crowd {
  std::vector<unsigned> nodes;                          ///< cores
  std::vector<std::pair<unsigned, unsigned>> workloads; ///< cores, priority; of one replica
};

/// Whether those have room together; tries everything.
bool has_room(std::vector<unsigned> nodes, const std::vector<unsigned> &sizes, size_t next = 0) {
  if (next == sizes.size())
    return true;
  for (unsigned &node : nodes)
    if (node >= sizes[next]) {
      node -= sizes[next];
      if (has_room(nodes, sizes, next + 1))
        return true;
      node += sizes[next];
    }
  return false;
}

/// Whoever has room beside all that come before, with every placement tried.
std::vector<bool> given_room(const Crowd &crowd) {
  std::vector<size_t> order(crowd.workloads.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return crowd.workloads[a].second > crowd.workloads[b].second;
  });
  std::vector<bool> placed(order.size());
  std::vector<unsigned> sizes;
  for (size_t w : order) {
    sizes.push_back(crowd.workloads[w].first);
    placed[w] = has_room(crowd.nodes, sizes);
    if (!placed[w])
      sizes.pop_back();
  }
  return placed;
}

} // namespace

TEST_CASE("who waits is who has no room beside those before") {
  std::mt19937 random(7);
  auto below = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  unsigned waiting = 0;
  for (int round = 0; round < 120; ++round) {
    Crowd crowd;
    std::string fleet = "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites: {s: {country: FR}}\nnodes:\n";
    for (unsigned n = 2 + below(2); n-- > 0;) {
      crowd.nodes.push_back(3 + below(6));
      fleet += fmt::format("  - {{name: n{}, site: s, resources: {{cpu: {}core, memory: 8GiB}}}}\n",
                           n, crowd.nodes.back());
    }
    std::string text = "nemo = 1\nstack = \"shop\"\n";
    for (unsigned w = 0; w < 9; ++w) {
      crowd.workloads.emplace_back(1 + below(4), below(5));
      text += fmt::format("workload w{} {{ exec = [\"/bin/w\"]; priority = {}; resources {{ cpu = "
                          "{}core; memory = 1MiB }} }}\n",
                          w, crowd.workloads[w].second, crowd.workloads[w].first);
    }
    INFO("round " << round << "\n" << fleet << text);
    const proto::Plan plan = plan_of(intent_of(text), fleet_of(fleet));
    const std::vector<Diagnostic> faults = verify::verify(plan);
    INFO(said(faults));
    REQUIRE(faults.empty());
    std::vector<bool> placed(crowd.workloads.size());
    for (const proto::Placement &placement : plan.placements())
      placed[static_cast<size_t>(placement.workload()[1] - '0')] = true;
    CHECK(placed == given_room(crowd));
    waiting += static_cast<unsigned>(plan.waiting_size());
  }
  CHECK(waiting > 100);
}

TEST_CASE("a plan with priorities holds, whatever changes") {
  unsigned waiting = 0, held = 0;
  for (unsigned seed = 1; seed <= 80; ++seed) {
    Maker maker(seed);
    const proto::Fleet fleet = fleet_of(maker.fleet());
    const std::string first = maker.intent(80, 8), second = maker.intent(80, 8);
    INFO("seed " << seed << "\n" << first << "\nthen\n" << second);
    const auto plan = try_plan(first, fleet);
    if (!plan)
      continue;
    std::vector<Diagnostic> faults = verify::verify(*plan);
    INFO(said(faults));
    REQUIRE(faults.empty());
    ++held;
    waiting += static_cast<unsigned>(plan->waiting_size());
    if (const auto update = try_plan(second, applied(*plan, fleet))) {
      std::vector<Diagnostic> found = verify::verify(*update);
      INFO(said(found));
      REQUIRE(found.empty());
    }
  }
  CHECK(held > 30);
  CHECK(waiting > 30);
}

TEST_CASE("a plan with nodes that can be suspended holds, whatever changes") {
  int held = 0, suspended = 0;
  for (unsigned seed = 1; seed <= 80; ++seed) {
    Maker maker(seed);
    const proto::Fleet fleet = fleet_of(maker.fleet(60));
    const std::string first = maker.intent(20, 4), second = maker.intent(20, 4);
    INFO("seed " << seed << "\n" << first << "\nthen\n" << second);
    const auto plan = try_plan(first, fleet);
    if (!plan)
      continue;
    std::vector<Diagnostic> faults = verify::verify(*plan);
    INFO(said(faults));
    REQUIRE(faults.empty());
    ++held;
    suspended += plan->suspended_size();
    if (const auto update = try_plan(second, applied(*plan, fleet))) {
      std::vector<Diagnostic> found = verify::verify(*update);
      INFO(said(found));
      REQUIRE(found.empty());
    }
  }
  CHECK(held > 30);
  CHECK(suspended > 10);
}
