// Whatever is planned about devices and hours holds: on random fleets, changed, and planned again
// on top of what runs.
#include <random>
#include <stdexcept>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

class LabMaker {
public:
  explicit LabMaker(unsigned seed) : random_(seed) {}

  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  bool chance(unsigned percent) { return below(100) < percent; }

  std::string fleet() {
    std::string text =
        "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites:\n"
        "  s: {country: FR, zone: FR, carbon: 50gCO2e/kWh, price: 0.2EUR/kWh}\nnodes:\n";
    for (unsigned node = 0, nodes = 2 + below(3); node < nodes; ++node) {
      std::string gpus;
      for (unsigned gpu = below(4); gpu-- > 0;)
        gpus += fmt::format("{}{{model: {}, memory: {}GiB{}}}", gpus.empty() ? "" : ", ",
                            chance(60) ? "A100" : "H100", 10 + 10 * below(4),
                            chance(25) ? ", profile: 1g.10gb" : "");
      const bool counted = gpus.empty() && chance(70);
      text += fmt::format("  - {{name: n{}, site: s, resources: {{cpu: {}core, memory: 8GiB{}}}{}, "
                          "power: {{idle: {}W, max: {}W}}, price: 0.0{}EUR/h}}\n",
                          node, 3 + below(5), counted ? fmt::format(", gpu: {}", 1 + below(3)) : "",
                          gpus.empty() ? "" : ", gpus: [" + gpus + "]", 2 + below(5),
                          10 + below(90), 1 + below(9));
    }
    return text;
  }

  std::string intent() {
    std::string text = "nemo = 1\nstack = \"lab\"\n";
    for (unsigned w = 0, count = 2 + below(4); w < count; ++w) {
      if (chance(15))
        continue;
      text += fmt::format("workload w{} {{\n  exec = [\"/bin/w\", \"{}\"]\n  replicas = {}\n"
                          "  ports {{ http = {} }}\n  resources {{\n    cpu = {}mcore\n",
                          w, below(2), 1 + below(2), chance(70) ? "auto" : "8080",
                          100 * (1 + below(8)));
      if (chance(60))
        text += device();
      for (unsigned from = below(12); chance(50) && from < 23; from += 1 + below(8)) {
        const unsigned to = std::min(from + 1 + below(8), 24u);
        text += fmt::format("    hours {{ between = {}..{}; cpu = {}mcore; memory = {}MiB }}\n",
                            from, to, 100 * (1 + below(25)), 64 + below(900));
        from = to;
      }
      text += "  }\n}\n";
    }
    return text;
  }

private:
  std::string device() {
    if (chance(15))
      return "    gpu = 1\n    gpu-profile = \"1g.10gb\"\n";
    std::string text = chance(30) ? fmt::format("    gpu = {}\n", 1 + below(2))
                                  : fmt::format("    gpu = 0.{}\n", 2 + below(7));
    if (chance(30))
      text += fmt::format("    gpu-memory = {}GiB\n", 5 + below(20));
    if (chance(25))
      text += "    gpu-model = [\"A100\"]\n";
    return text;
  }

  std::mt19937 random_;
};

std::optional<proto::Plan> plan_if_any(const std::string &text, const proto::Fleet &fleet) {
  try {
    return plan_of(intent_of(text), fleet);
  } catch (const std::runtime_error &) {
    return std::nullopt; // no placement exists, or no order of moves does
  }
}

} // namespace

TEST_CASE("plans of devices and hours hold, whatever changes") {
  unsigned held = 0, changed = 0, devices = 0, hours = 0, kept = 0;
  for (unsigned seed = 1; seed <= 250; ++seed) {
    LabMaker maker(seed);
    const proto::Fleet fleet = fleet_of(maker.fleet());
    const std::string first = maker.intent(), second = maker.intent();
    INFO("seed " << seed << "\n" << first << "\nthen\n" << second);
    const auto plan = plan_if_any(first, fleet);
    if (!plan)
      continue;
    const std::vector<Diagnostic> faults = verify::verify(*plan);
    INFO(said(faults));
    REQUIRE(faults.empty());
    ++held;
    for (const proto::Placement &placement : plan->placements())
      devices += static_cast<unsigned>(placement.gpus_size());
    for (const proto::Part &part : plan->parts())
      for (const proto::Instance &instance : part.instances())
        hours += !instance.spec().resources().hours().empty();
    const proto::Fleet running = applied(*plan, fleet);
    // The same again moves nothing, and everybody keeps the devices that it has.
    const auto again = plan_if_any(first, running);
    REQUIRE(again);
    for (const proto::Action &action : again->actions())
      REQUIRE(action.verb() == "keep");
    ++kept;
    if (const auto update = plan_if_any(second, running)) {
      const std::vector<Diagnostic> found = verify::verify(*update);
      INFO(said(found));
      REQUIRE(found.empty());
      ++changed;
    }
  }
  CHECK(held > 80);
  CHECK(changed > 50);
  CHECK(devices > 80);
  CHECK(hours > 80);
  CHECK(kept == held);
}
