// Whatever of the language is mixed: what is planned holds, on random fleets, and again on top of
// what runs, all of it or a part.
#include <random>
#include <stdexcept>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

class Mixer {
public:
  explicit Mixer(unsigned seed) : random_(seed), sites_(1 + below(3)) {}

  std::string fleet() {
    std::string text = "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites:\n";
    for (unsigned site = 0; site < sites_; ++site)
      text +=
          fmt::format("  s{}: {{country: FR, zone: z{}, region: r{}, price: 0.{}EUR/kWh, carbon: "
                      "{}gCO2e/kWh, availability: 99.{}%{}}}\n",
                      site, below(3), below(2), 1 + below(3), 20 + below(400), below(10),
                      chance(40) ? fmt::format(", carbon-forecast: [{}gCO2e/kWh, {}gCO2e/kWh]",
                                               20 + below(400), 20 + below(400))
                                 : "");
    text += "nodes:\n";
    for (unsigned node = 0, nodes = 4 + below(5); node < nodes; ++node) {
      text += fmt::format(
          "  - {{name: n{}, site: s{}, class: {}, resources: {{cpu: {}core, memory: {}GiB, disk: "
          "10GiB{}}}, power: {{idle: {}W, max: {}W}}, price: 0.0{}EUR/h, availability: 99.{}%",
          node, below(sites_), chance(60) ? "edge" : "cloud", 2 + below(7), 2 + below(7),
          chance(75) ? fmt::format(", devices: {{x.org/coral: {}, modem: 1}}", 1 + below(3)) : "",
          1 + below(9), 10 + below(30), 1 + below(9), below(10));
      if (chance(30))
        text += ", gpus: [{model: A100, memory: 40GiB}, {model: T4, memory: 16GiB}]";
      if (chance(15))
        text += fmt::format(", supply: {}W", 3 + below(30));
      if (chance(25))
        text += ", suspend: {power: 1W, wake: 20s}";
      text += "}\n";
    }
    text += "links:\n  - {from: s0, to: s0, latency: 1ms}\n";
    for (unsigned a = 0; a < sites_; ++a)
      for (unsigned b = a + 1; b < sites_; ++b)
        if (chance(80))
          text += fmt::format("  - {{from: s{}, to: s{}, latency: {}ms, bandwidth: 50Mbit/s{}}}\n",
                              a, b, 1 + below(12), chance(50) ? ", price: 0.05EUR/GiB" : "");
    return text;
  }

  /// \param close  more is about who may be beside whom, and nobody waits for another
  std::string intent(bool close = false) {
    close_ = close;
    std::string text = "nemo = 1\nstack = \"mix\"\nselect edges { require node.class == edge }\n"
                       "tenant acme { guarantee { cpu = 2core } }\n";
    const bool cluster = chance(30);
    crowded_ = chance(20);
    if (cluster)
      text += fmt::format("cluster lab {{ on = edges; nodes = 1..3; controllers = {}; "
                          "quorum-latency = 8ms; capacity {{ cpu = {}core }} }}\n",
                          1 + below(2), 1 + below(6));
    std::vector<unsigned> &made = made_;
    made.clear();
    for (unsigned w = 0, count = 2 + below(5); w < count; ++w) {
      if (chance(10))
        continue;
      const unsigned other = made.empty() ? w : made[below(static_cast<unsigned>(made.size()))];
      text += workload(w, other, cluster);
      made.push_back(w);
    }
    if (made.size() > 1 && chance(40))
      text += fmt::format("flow f {{ from = w{}; to = w{}; bandwidth = {}kbit/s }}\n", made[0],
                          made[1], 100 * (1 + below(20)));
    if (crowded_ || chance(50))
      text += fmt::format("objective o {{ minimize cost + carbon * 80EUR/tCO2e{}{} }}\n",
                          crowded_ ? "; overcommit = 0.1%" : "",
                          chance(40) ? "; balance = 0.003EUR/core/h" : "");
    return text;
  }

  /// Some of the last intent, as patterns.
  std::vector<std::string> part() {
    if (made_.empty())
      return {"w0"};
    const unsigned one = below(static_cast<unsigned>(made_.size()));
    std::vector<std::string> patterns = {fmt::format("w{}/0", made_[one])};
    if (made_.size() > 1)
      patterns.push_back(fmt::format("w{}", made_[(one + 1) % made_.size()]));
    return patterns;
  }

private:
  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  bool chance(unsigned percent) { return below(100) < percent; }

  /// \param other  one that was made before; itself: there is none
  std::string workload(unsigned w, unsigned other, bool cluster) {
    const bool job = chance(12);
    std::string text = fmt::format("workload w{} {{\n  exec = [\"/bin/w\", \"{}\"]\n", w, below(2));
    const unsigned replicas = 1 + below(3);
    text += fmt::format(
        "  replicas = {}{}\n  resources {{\n    cpu = {}mcore\n    memory = {}MiB\n", replicas,
        !job && chance(15) ? "..4" : "", 100 * (1 + below(10)), 64 * (1 + below(12)));
    if (chance(20))
      text += chance(60) ? "    gpu = 0.5\n" : "    gpu = 1\n    gpu-model = [\"A100\"]\n";
    if (chance(15))
      text += fmt::format("    devices {{ \"x.org/coral\" = {} }}\n", 1 + below(2));
    if (chance(5))
      text += "    devices { modem = 1 }\n";
    if (chance(30))
      text += "    cpu-mean = 50mcore\n";
    if (!crowded_ && chance(15))
      text += fmt::format("    hours {{ between = {}..{}; cpu = {}mcore }}\n", below(10),
                          11 + below(13), 100 * (1 + below(20)));
    text += "  }\n";
    if (chance(40))
      text += fmt::format("  priority = {}\n  gang = {}\n", below(4), chance(30));
    if (chance(25))
      text += "  tenant = acme\n";
    if (other != w && chance(close_ ? 0 : 25))
      text += fmt::format("  after = [w{}]\n", other);
    if (chance(30))
      text += fmt::format("  ports {{ http = {} }}\n", chance(60) ? "auto" : "8080");
    if (job)
      text += chance(50)
                  ? fmt::format("  job {{ duration = {}h; deadline = \"2026-11-24T{}:00:00Z\" }}\n",
                                1 + below(5), 14 + below(9))
                  : fmt::format("  job {{ duration = {}h; deadline = {}h }}\n", 1 + below(5),
                                5 + below(20));
    if (cluster && chance(35))
      text += "  on = lab\n";
    std::string place;
    if (chance(close_ ? 50 : 25))
      place += chance(50) ? "    spread = node\n" : "    spread = site\n";
    if (!place.empty() && replicas > 1 && chance(50))
      place += fmt::format("    min-domains = {}\n", 1 + below(replicas));
    if (chance(close_ ? 25 : 10))
      place += "    exclusive = true\n";
    if (other != w && chance(close_ ? 60 : 20))
      place += fmt::format("    {} {{ to = w{}; within = {} }}\n",
                           chance(50) ? "affinity" : "anti-affinity", other,
                           chance(50) ? "site" : "5ms");
    if (chance(30))
      place += fmt::format("    prefer node.class == cloud weight {}\n", 1 + below(3));
    if (!place.empty())
      text += "  place {\n" + place + "  }\n";
    if (!job && !crowded_ && chance(15))
      text += fmt::format("  slo {{ survive = {} }}\n", chance(70) ? "node" : "site");
    if (chance(10))
      text += "  mount { volume = \"data\"; target = \"/data\"; size = 1GiB }\n";
    return text + "}\n";
  }

  std::mt19937 random_;
  unsigned sites_;
  bool crowded_ = false; ///< nodes promise more processor than they have
  bool close_ = false;
  std::vector<unsigned> made_; ///< workloads of the last intent
};

std::optional<proto::Plan> planned(const std::string &text, const proto::Fleet &fleet,
                                   const std::vector<std::string> &targets = {},
                                   const std::vector<std::string> &excludes = {}) {
  try {
    return plan_of(intent_of(text), fleet, false, targets, excludes);
  } catch (const std::runtime_error &) {
    return std::nullopt; // refused
  }
}

} // namespace

TEST_CASE("plans that mix everything hold") {
  unsigned held = 0, changed = 0, parts = 0, waiting = 0, clustered = 0, asleep = 0;
  for (unsigned seed = 1; seed <= 130; ++seed) {
    Mixer mixer(seed);
    const std::string yaml = mixer.fleet();
    const proto::Fleet fleet = fleet_of(yaml);
    const std::string first = mixer.intent(), second = mixer.intent();
    INFO("seed " << seed << "\n" << yaml << first);
    const auto plan = planned(first, fleet);
    if (!plan)
      continue;
    const std::vector<Diagnostic> faults = verify::verify(*plan);
    INFO(said(faults));
    REQUIRE(faults.empty());
    ++held;
    waiting += plan->waiting_size() > 0;
    clustered += plan->clusters_size() > 0;
    asleep += plan->suspended_size() > 0;
    const proto::Fleet now = applied(*plan, fleet);
    if (const auto update = planned(second, now)) {
      const std::vector<Diagnostic> found = verify::verify(*update);
      INFO("then\n" << second << said(found));
      REQUIRE(found.empty());
      ++changed;
    }
    const std::string third = mixer.intent(/*close=*/true);
    const std::vector<std::string> some = mixer.part();
    const bool left = seed % 3 == 1;
    if (const auto part = planned(third, now, left ? std::vector<std::string>{} : some,
                                  left ? some : std::vector<std::string>{})) {
      const std::vector<Diagnostic> found = verify::verify(*part);
      INFO("then\n"
           << third << (left ? "without " : "only ") << fmt::format("{}", fmt::join(some, ", "))
           << "\n"
           << said(found));
      REQUIRE(found.empty());
      ++parts;
    }
  }
  INFO(held << " held, " << changed << " changed, " << parts << " in part, " << waiting
            << " with replicas that wait, " << clustered << " with a cluster, " << asleep
            << " with nodes that may be suspended");
  CHECK(held > 40);
  CHECK(changed > 15);
  CHECK(parts > 15);
  CHECK(waiting > 5);
  CHECK(clustered > 5);
  CHECK(asleep > 5);
}
