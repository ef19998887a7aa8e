// Moves on fleets that are nearly full: whatever is planned is followed in random orders that its
// gates allow, and at no step does a node hold more than it has or a workload keep fewer replicas
// up than its budget says. The walk shares nothing with the compiler nor with what verifies.
#include <array>
#include <map>
#include <random>
#include <set>
#include <stdexcept>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/plan/binding.h"
#include "compiler/verify/verify.h"
#include "scenario.h"

using namespace nemo;
using namespace nemo::test;

namespace {

class Moving {
public:
  explicit Moving(unsigned seed) : random_(seed), nodes_(2 + below(4)), spare_(below(2)) {
    const unsigned count = 2 + below(4);
    for (unsigned w = 0; w < count; ++w)
      workloads_.push_back(
          {1 + below(std::min(3u, nodes_)), 150 + below(700), below(6), below(4), below(nodes_)});
  }

  unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  bool chance(unsigned percent) { return below(100) < percent; }

  std::string fleet() {
    std::string text = "fleet: 1\nat: 2026-11-24T08:00:00Z\nsites:\n  s: {country: GR}\nnodes:\n";
    for (unsigned node = 0; node < nodes_ + spare_; ++node)
      text += fmt::format(
          "  - {{name: n{}, site: s, class: edge, resources: {{cpu: 4core, memory: {}MiB, disk: "
          "{}GiB}}, capabilities: [gates, volume.replicated, volume.external]}}\n",
          node, 700 + below(900), 2 + below(3));
    return text;
  }

  std::string intent(unsigned version) {
    std::string text = "nemo = 1\n";
    for (unsigned node = 0; node < nodes_; ++node)
      text += fmt::format("select at-{} {{ require node.name == \"n{}\" }}\n", node, node);
    for (size_t w = 0; w < workloads_.size(); ++w) {
      const Workload &it = workloads_[w];
      const bool renewed = version != 0 && chance(40);
      text += fmt::format("workload w{} {{\n  exec = [\"/bin/w\", \"{}\"]\n  replicas = {}\n"
                          "  resources {{ memory = {}MiB }}\n",
                          w, renewed ? version : 0, it.replicas,
                          version != 0 && chance(20) ? it.memory / 2 + 1 : it.memory);
      if (it.replicas > 1)
        text += "  place { spread = node }\n";
      else if (it.place == 0)
        text += fmt::format("  place {{ on = at-{} }}\n", (it.node + version) % nodes_);
      else if (it.place == 1)
        text += fmt::format("  place {{ on = at-{} }}\n", below(nodes_));
      if (it.kind == 0)
        text += "  ports { http = 8080 }\n";
      if (it.kind == 1)
        text += "  mount { volume = \"v\"; size = 1GiB; target = \"/v\" }\n";
      if (it.kind == 2)
        text += "  mount { volume = \"v\"; kind = replicated; target = \"/v\" }\n";
      if (w > 0 && it.kind == 3)
        text += fmt::format("  after = [w{}]\n", w - 1);
      const char *budgets[] = {"max-unavailable = 0", "max-unavailable = 1", "quorum = majority"};
      if (version != 0 && chance(50))
        text += fmt::format("  rollout {{ {} }}\n", budgets[below(3)]);
      if (version != 0 && chance(20))
        text += "  migrate { dwell = 10min }\n";
      text += "}\n";
    }
    if (version != 0 && chance(30))
      text +=
          fmt::format("objective calm {{ max-moves-per-hour = {}; minimize cost }}\n", below(3));
    return text;
  }

  proto::Fleet lose(proto::Fleet fleet) {
    if (chance(25))
      fleet.mutable_nodes()->DeleteSubrange(static_cast<int>(below(nodes_)), 1);
    return fleet;
  }

private:
  struct Workload {
    unsigned replicas, memory, kind, place, node;
  };
  std::mt19937 random_;
  unsigned nodes_, spare_;
  std::vector<Workload> workloads_;
};

/// Instances that start and stop as their gates allow, in any order.
class Walk {
public:
  Walk(const proto::Plan &plan, const proto::Fleet &before, unsigned seed)
      : plan_(plan), random_(seed) {
    for (const proto::Node &node : plan.facts().nodes())
      room_[node.name()] = {node.memory_bytes(), node.disk_bytes()};
    for (const proto::Part &part : plan.parts())
      for (const proto::Instance &instance : part.instances()) {
        bool runs = false;
        for (const proto::Running &one : before.running())
          runs |= one.workload() == instance.workload() && one.replica() == instance.replica() &&
                  one.node() == part.node() && one.revision() == instance.revision();
        all_.push_back({&instance, part.node(), runs});
      }
    for (const proto::Workload &workload : plan.intent().workloads()) {
      const int up = up_of(workload.name());
      least_[workload.name()] = workload.has_budget() ? int(workload.budget().least_up())
                                : up > 1              ? 1
                                                      : 0;
    }
  }

  /// What went wrong; empty when everything ended as it should.
  std::string go() {
    const auto start = use();
    while (true) {
      std::vector<One *> may;
      for (One &one : all_)
        if (one.runs == one.instance->retiring() && open(one))
          may.push_back(&one);
      if (may.empty())
        break;
      One &next = *may[random_() % may.size()];
      const std::string &workload = next.instance->workload();
      const int up = up_of(workload);
      next.runs = !next.runs;
      if (!next.runs && up_of(workload) < up && up_of(workload) < least_[workload])
        return fmt::format("{} of {} are up", up_of(workload), workload);
      const auto now = use();
      for (const auto &[node, used] : now)
        for (size_t i = 0; i < used.size(); ++i)
          if (next.runs && node == next.node && used[i] > room_[node][i] &&
              used[i] > at(start, node)[i])
            return fmt::format("{} holds {} of {} when {} starts", node, used[i], room_[node][i],
                               workload);
    }
    for (const One &one : all_)
      if (one.runs == one.instance->retiring())
        return one.instance->workload() + " waits for ever";
    return {};
  }

private:
  using Used = std::array<uint64_t, 2>; ///< memory and disk
  struct One {
    const proto::Instance *instance;
    std::string node;
    bool runs;
  };

  static Used at(const std::map<std::string, Used> &all, const std::string &node) {
    const auto found = all.find(node);
    return found == all.end() ? Used{} : found->second;
  }
  std::map<std::string, Used> use() const {
    std::map<std::string, Used> all;
    for (const One &one : all_)
      if (one.runs) {
        all[one.node][0] += one.instance->spec().resources().memory_bytes();
        for (const proto::Mount &mount : one.instance->spec().mounts())
          all[one.node][1] += mount.kind().empty() ? mount.size_bytes() : 0;
      }
    return all;
  }
  int up_of(const std::string &workload) const {
    std::set<uint32_t> up;
    for (const proto::Workload &block : plan_.intent().workloads())
      for (const One &one : all_)
        if (block.name() == workload && one.runs && one.instance->workload() == workload &&
            one.instance->replica() < block.replicas_min())
          up.insert(one.instance->replica());
    return static_cast<int>(up.size());
  }
  bool open(const One &one) const {
    for (const proto::Gate &gate :
         one.instance->retiring() ? one.instance->stop_after() : one.instance->start_after()) {
      bool runs = false;
      for (const One &other : all_)
        runs |= other.runs && other.node == gate.node() &&
                other.instance->workload() == gate.workload() &&
                other.instance->replica() == gate.replica() &&
                other.instance->revision() == gate.revision();
      if (runs != (gate.kind() == proto::Gate::HEALTHY))
        return false;
    }
    return true;
  }

  const proto::Plan &plan_;
  std::mt19937 random_;
  std::map<std::string, Used> room_;
  std::vector<One> all_;
  std::map<std::string, int> least_;
};

} // namespace

TEST_CASE("moves fit at every step and keep up what a budget says, in any order") {
  int planned = 0, released = 0, waiting = 0;
  std::map<std::string, int> refused;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    Moving maker(seed);
    const proto::Fleet fleet = fleet_of(maker.fleet());
    const std::string first = maker.intent(0);
    proto::Fleet running;
    try {
      running = applied(plan_of(intent_of(first), fleet), fleet);
    } catch (const std::runtime_error &) {
      continue; // it does not fit at all
    }
    for (unsigned version = 1; version <= 3; ++version) {
      const std::string text = maker.intent(version);
      const proto::Fleet now = maker.lose(running);
      INFO("seed " << seed << "\n" << first << "\nthen\n" << text);
      std::optional<proto::Plan> plan;
      try {
        plan = plan_of(intent_of(text), now);
      } catch (const std::runtime_error &fault) {
        for (const char *id : {"N0501", "N0502", "N0503", "N0757", "N0758"})
          if (std::string(fault.what()).find(id) != std::string::npos)
            ++refused[id];
        continue;
      }
      ++planned;
      std::vector<Diagnostic> faults = verify::verify(*plan);
      INFO(said(faults));
      REQUIRE(faults.empty());
      for (unsigned walk = 0; walk < 10; ++walk)
        REQUIRE(Walk(*plan, now, walk).go() == "");
      for (const proto::Action &action : plan->actions())
        released += action.handover().find("makes room") != std::string::npos;
      // Without the waiting for room that it has, either somebody finds fault with it or it holds.
      for (int p = 0; p < plan->parts_size(); ++p)
        for (int i = 0; i < plan->parts(p).instances_size(); ++i) {
          const proto::Instance &instance = plan->parts(p).instances(i);
          const int last = instance.start_after_size() - 1;
          if (last < 0 || instance.start_after(last).kind() != proto::Gate::STOPPED)
            continue;
          ++waiting;
          proto::Plan careless = *plan;
          careless.mutable_parts(p)->mutable_instances(i)->mutable_start_after()->RemoveLast();
          careless = sealed(std::move(careless));
          if (!verify::verify(careless).empty())
            continue;
          for (unsigned walk = 0; walk < 10; ++walk)
            REQUIRE(Walk(careless, now, walk).go() == "");
        }
    }
  }
  CHECK(planned > 100);
  CHECK(released > 10);
  CHECK(waiting > 20);
  CHECK(refused["N0757"] > 5);
}

TEST_CASE("who moves before its time, or too many at once, is found") {
  const proto::Fleet fleet = fleet_of(R"(
fleet: 1
at: 2026-11-24T08:00:00Z
sites:
  s: {country: GR, price: 0.2EUR/kWh}
nodes:
  - {name: a, site: s, resources: {cpu: 4core, memory: 4GiB}, power: {idle: 3W, max: 9W}, price: 0.09EUR/h}
  - {name: b, site: s, resources: {cpu: 4core, memory: 4GiB}, power: {idle: 3W, max: 9W}, price: 0.01EUR/h}
running:
  - {workload: one, node: a, since: 2026-11-24T06:00:00Z}
  - {workload: two, node: a, since: 2026-11-24T06:00:00Z}
)");
  const proto::Plan plan = plan_of(intent_of(R"(
nemo = 1
workload one { exec = ["/bin/w"]; migrate { dwell = 30min } }
workload two { exec = ["/bin/w"] }
objective calm { max-moves-per-hour = 2; minimize cost }
)"),
                                   fleet);
  for (const proto::Placement &placement : plan.placements())
    REQUIRE(placement.node() == "b");
  CHECK(verify::verify(plan).empty());
  const auto faults_since = [&](int which, const char *since) {
    proto::Plan changed = plan;
    changed.mutable_facts()->mutable_running(which)->set_since(since);
    changed.set_facts_digest(plan::facts_digest(changed.facts()));
    return said(verify::verify(sealed(std::move(changed))));
  };
  const std::string early = faults_since(0, "2026-11-24T07:50:00Z");
  CHECK(early.find("one/0 leaves a and could stay: it dwells 30min and arrived 10min ago") !=
        std::string::npos);
  const std::string many = faults_since(1, "2026-11-24T07:50:00Z");
  CHECK(many.find("2 replicas move that could stay: at most 2") != std::string::npos);
  CHECK(faults_since(1, "2026-11-24T06:59:59Z").empty());
}
