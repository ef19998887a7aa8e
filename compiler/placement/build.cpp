// Units become integers here, unknown becomes explicit, and what other stacks use is taken off.
#include "compiler/placement/build.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "compiler/placement/build_bonds.h"
#include "compiler/placement/build_devices.h"
#include "compiler/placement/build_prices.h"
#include "compiler/placement/timetable.h"
#include "compiler/policy/closed.h"
#include "compiler/resolve/devices.h"
#include "compiler/resolve/finished.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/overcommit.h"
#include "compiler/resolve/supply.h"
#include "compiler/resolve/volumes.h"

namespace nemo::placement {

using compiler::NodeView;
using compiler::Objective;

namespace {

int64_t bounded(uint64_t value, int64_t most) {
  return value > static_cast<uint64_t>(most) ? most : static_cast<int64_t>(value);
}

// One above the largest room, so that it fits nowhere.
int64_t size(uint64_t value) { return bounded(value, most_room + 1); }

template <typename Mounts>
Demand demand_of(const Problem &problem, const proto::Resources &resources, const Mounts &mounts) {
  const proto::Resources needs = compiler::reserved(resources, mounts);
  Demand demand = {0, 0, size(needs.disk_bytes()), size(needs.gpu_milli()), size(needs.pids())};
  demand.resize(problem.room.size());
  for (size_t resource = 0; resource < demand.size(); ++resource)
    if (const size_t kind = kind_of(problem, resource); kind == named_device) {
      demand[resource] = size(compiler::devices_named(
          resources.devices(), problem.device_names[resource - first_named(problem)]));
    } else if (kind < 2) {
      const auto then = compiler::largest(resources, problem.parts[part_of(resource)]);
      demand[resource] = size(kind == 0 ? then.cpu_millicores() : then.memory_bytes());
    }
  return demand;
}

std::vector<uint16_t> fixed_ports(const google::protobuf::RepeatedPtrField<proto::Port> &ports,
                                  const std::string &network) {
  std::vector<uint16_t> result;
  if (network != "own")
    for (const proto::Port &port : ports)
      if (port.number() != 0)
        result.push_back(static_cast<uint16_t>(port.number()));
  return result;
}

void fill_nodes(Problem &problem, const std::vector<NodeView> &nodes) {
  constexpr int64_t unknown = -1; // nothing fits, however small
  std::array<std::map<std::string, uint32_t>, 5> names;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const proto::Node &node = *nodes[i].node;
    problem.room[0].push_back(bounded(compiler::fed_millicores(node), most_room));
    problem.room[1].push_back(bounded(node.memory_bytes(), most_room));
    problem.room[2].push_back(node.has_disk_bytes() ? bounded(node.disk_bytes(), most_room)
                                                    : unknown);
    problem.room[3].push_back(!node.has_gpu_milli() && node.gpus().empty()
                                  ? unknown
                                  : static_cast<int64_t>(compiler::gpu_milli(node)));
    // A limit rather than a reservation: where the node does not say, it is not what runs out.
    problem.room[4].push_back(node.has_pids() ? bounded(node.pids(), most_room) : most_room);
    problem.whole[0].push_back(bounded(node.cpu_millicores(), most_room));
    problem.whole[1].push_back(problem.room[1].back());
    auto domain = [&](Spread spread, bool is_known, const std::string &name) {
      const size_t s = static_cast<size_t>(spread);
      problem.domain[s].push_back(
          is_known
              ? names[s].try_emplace(name, static_cast<uint32_t>(names[s].size())).first->second
              : unknown_domain);
    };
    const proto::Site *site = nodes[i].site;
    problem.domain[0].push_back(0);
    domain(Spread::node, true, node.name());
    domain(Spread::site, !node.site().empty(), node.site());
    domain(Spread::zone, site && site->has_zone(), site ? site->zone() : "");
    domain(Spread::region, site && site->has_region(), site ? site->region() : "");
  }
}

void take(Problem &problem, const proto::Spec &spec, size_t node) {
  const Demand taken = demand_of(problem, spec.resources(), spec.mounts());
  for (size_t resource = 0; resource < problem.room.size(); ++resource) {
    int64_t &room = problem.room[resource][node];
    if (room > 0 && room < most_room)
      room = std::max<int64_t>(room - taken[resource], 0);
  }
  for (uint16_t port : fixed_ports(spec.ports(), spec.network()))
    problem.taken_ports[node].push_back(port);
}

void take_other_stacks(Problem &problem, const std::string &stack, const proto::Fleet &facts,
                       const std::unordered_map<std::string, size_t> &index_of) {
  for (const proto::PartState &state : facts.parts()) {
    auto node = index_of.find(state.part().node());
    if (state.part().stack() == stack || node == index_of.end())
      continue;
    for (const proto::Instance &instance : state.part().instances())
      take(problem, instance.spec(), node->second);
  }
}

// What of this stack stays as it is: what it was started with is what it takes.
void take_frozen(Problem &problem, const stages::Resolved &resolved,
                 const std::unordered_map<std::string, size_t> &index_of) {
  for (const stages::Existing &there : resolved.frozen())
    if (auto node = index_of.find(there.node()); node != index_of.end())
      take(problem, there.spec(), node->second);
}

// Where replicas of a workload that stay keep others of it away.
std::optional<Clause> beside_frozen(Problem &problem, const proto::Workload &workload,
                                    const Need &need, const std::vector<size_t> &homes) {
  if (need.spread == Spread::none || workload.replicas_min() < 2 || need.repeats > 0)
    return std::nullopt;
  const std::vector<uint32_t> &domain = problem.domain[static_cast<size_t>(need.spread)];
  NodeBits excluded(problem.nodes);
  for (size_t home : homes)
    for (size_t node = 0; node < problem.nodes; ++node)
      if (domain[node] == domain[home] && domain[node] != unknown_domain)
        excluded.set(node);
  if (!excluded.any())
    return std::nullopt;
  problem.sets.push_back(std::move(excluded));
  return Clause{need.spreading, static_cast<uint32_t>(problem.sets.size() - 1)};
}

// Of those that stay, too, one may be beside another; that more of them are than may is not for
// this plan to change.
void let_repeat(const Problem &problem, const proto::Workload &workload, Need &need,
                const std::vector<size_t> &homes) {
  const uint32_t least = workload.place().min_domains();
  if (need.spread == Spread::none || least == 0)
    return;
  std::vector<uint32_t> held;
  for (size_t home : homes)
    if (const uint32_t at = problem.domain[static_cast<size_t>(need.spread)][home];
        at != unknown_domain)
      held.push_back(at);
  const auto all = static_cast<uint32_t>(need.count + held.size());
  if (least >= all)
    return;
  const std::unordered_set<uint32_t> domains(held.begin(), held.end());
  need.repeats = std::max(all - least, static_cast<uint32_t>(held.size() - domains.size()));
  need.held_domains = std::move(held);
}

// What fits on a node is limited by peaks or by effective amounts, never by both.
void overcommit(Problem &problem, const stages::Inputs &inputs, const stages::Resolved &resolved) {
  const std::optional<compiler::Overcommit> over = compiler::overcommit(inputs, resolved);
  if (!over)
    return;
  problem.peak_room = problem.room[0];
  problem.room.emplace_back(problem.nodes, most_room);
  for (size_t node = 0; node < problem.nodes; ++node)
    if (over->effective[node])
      problem.room.back()[node] = std::max<int64_t>(
          std::exchange(problem.room[0][node], most_room) - bounded(over->reserve, most_room), 0);
  for (size_t w = 0; w < problem.needs.size(); ++w)
    problem.needs[w].demand.push_back(size(compiler::effective_millicores(
        inputs.intent().workloads(static_cast<int>(w)).resources(), over->s)));
}

bool has_volume(const proto::Workload &workload) {
  return std::any_of(workload.mounts().begin(), workload.mounts().end(), compiler::is_local_volume);
}

// Which site is lost with them, nobody can say.
std::optional<Clause> without_site(Problem &problem, size_t w) {
  NodeBits unknown(problem.nodes);
  for (size_t node = 0; node < problem.nodes; ++node)
    if (problem.domain[static_cast<size_t>(Spread::site)][node] == unknown_domain)
      unknown.set(node);
  if (!unknown.any())
    return std::nullopt;
  problem.sets.push_back(std::move(unknown));
  return Clause{restriction(stages::Restriction::SURVIVE, w),
                static_cast<uint32_t>(problem.sets.size() - 1)};
}

// The nodes that a running replica's data may not leave for.
std::optional<Clause> pin(Problem &problem, const proto::Workload &workload, size_t w,
                          size_t home) {
  const std::string &location = workload.data().location();
  const bool volume = has_volume(workload);
  if (!volume && location != "local" && location != "site" && location != "region")
    return std::nullopt;
  NodeBits excluded(problem.nodes, true);
  const Spread within = volume || location == "local" ? Spread::node : spread_of(location);
  const std::vector<uint32_t> &domain = problem.domain[static_cast<size_t>(within)];
  for (size_t node = 0; node < problem.nodes; ++node)
    if (node == home || (domain[node] == domain[home] && domain[home] != unknown_domain))
      excluded.reset(node);
  Clause clause{
      restriction(volume ? stages::Restriction::VOLUME : stages::Restriction::LOCATION, w),
      static_cast<uint32_t>(problem.sets.size())};
  problem.sets.push_back(std::move(excluded));
  return clause;
}

// Of cordoned nodes those that only siblings may stay on, and all but the one that is asked for.
class Barring {
public:
  Barring(Problem &problem, const compiler::Closed &closed) : problem_(problem), closed_(closed) {}

  void bar(Replica &replica, const proto::Workload &workload, uint32_t number) {
    NodeBits own = closed_.to(workload, number);
    if (own.subtract(closed_.to_all(workload)).any())
      replica.barred.push_back(
          {restriction(stages::Restriction::CORDON, replica.need), set_of(std::move(own))});
    NodeBits others = closed_.but_asked(workload, number);
    if (!others.any())
      return;
    stages::Restriction asked = restriction(stages::Restriction::ASKED, replica.need);
    asked.set_rule(number);
    replica.barred.push_back({asked, set_of(std::move(others))});
  }

private:
  uint32_t set_of(NodeBits excluded) {
    const auto [known, fresh] =
        sets_.try_emplace(excluded.words(), static_cast<uint32_t>(problem_.sets.size()));
    if (fresh)
      problem_.sets.push_back(std::move(excluded));
    return known->second;
  }

  Problem &problem_;
  const compiler::Closed &closed_;
  std::map<std::vector<uint64_t>, uint32_t> sets_;
};

} // namespace

stages::Restriction restriction(stages::Restriction::Kind kind, size_t workload) {
  stages::Restriction result;
  result.set_kind(kind);
  result.set_block(static_cast<uint32_t>(workload));
  return result;
}

Spread spread_of(const std::string &word) {
  return word == "node"     ? Spread::node
         : word == "site"   ? Spread::site
         : word == "zone"   ? Spread::zone
         : word == "region" ? Spread::region
                            : Spread::none;
}

Problem build(const stages::Inputs &inputs, const stages::Resolved &resolved,
              const stages::Admissible &admissible, const Objective &objective,
              const compiler::Jobs &jobs) {
  const proto::Intent &intent = inputs.intent();
  const std::vector<NodeView> nodes = compiler::views(resolved.world());
  Problem problem;
  problem.nodes = nodes.size();
  problem.taken_ports.resize(nodes.size());
  fill_nodes(problem, nodes);
  problem.parts = compiler::parts_of_day(intent);
  const size_t all_day = problem.parts.size();
  std::vector<Slot> shared;
  if (jobs.is_timetable())
    shared = slots(jobs, problem.parts, resolved.world().at(), resolved);
  for (const Slot &slot : shared)
    problem.parts.push_back(slot.part);
  for (size_t part = 1; part < problem.parts.size(); ++part)
    for (size_t kind : {0, 1})
      problem.room.push_back(problem.room[kind]);
  problem.device_names = compiler::names_of_devices(intent);
  for (const std::string &name : problem.device_names) {
    std::vector<int64_t> &room = problem.room.emplace_back();
    for (const NodeView &node : nodes)
      room.push_back(size(compiler::devices_named(node.node->devices(), name)));
  }
  std::unordered_map<std::string, size_t> index_of;
  for (size_t i = 0; i < nodes.size(); ++i)
    index_of.emplace(nodes[i].node->name(), i);
  take_other_stacks(problem, intent.stack(), resolved.facts(), index_of);
  take_frozen(problem, resolved, index_of);
  DeviceTables devices(problem, inputs, resolved, nodes, index_of);

  // Equal costs: in order of name for seed 1, in another fixed order for every other seed.
  problem.tie_rank.resize(nodes.size());
  std::iota(problem.tie_rank.begin(), problem.tie_rank.end(), 0);
  uint64_t state = inputs.seed();
  for (size_t i = nodes.size(); inputs.seed() != 1 && i > 1; --i) {
    state = state * 6364136223846793005u + 1442695040888963407u; // Knuth's MMIX generator
    std::swap(problem.tie_rank[i - 1], problem.tie_rank[(state >> 33) % i]);
  }

  for (const stages::Verdict &verdict : admissible.verdicts())
    problem.sets.push_back(NodeBits::from_proto(verdict.excluded(), nodes.size()));
  struct Home {
    size_t node;
    const stages::Existing *there;
  };
  std::map<std::pair<std::string, uint32_t>, Home> homes;
  for (const stages::Existing &there : resolved.existing())
    if (auto node = index_of.find(there.node()); node != index_of.end() && !there.retiring())
      homes.try_emplace({there.workload(), there.replica()}, Home{node->second, &there});

  std::unordered_map<std::string, std::vector<size_t>> frozen_homes;
  for (const stages::Existing &there : resolved.frozen())
    if (auto node = index_of.find(there.node()); node != index_of.end() && !there.retiring())
      frozen_homes[there.workload()].push_back(node->second);
  std::map<std::string, uint32_t> images;
  const auto holders_of = [&](const std::string &image) {
    const auto [known, fresh] =
        images.try_emplace(image, static_cast<uint32_t>(problem.holders.size()));
    if (fresh) {
      NodeBits holders(nodes.size());
      for (size_t i = 0; i < nodes.size(); ++i)
        for (const std::string &held : nodes[i].node->images())
          if (held == image)
            holders.set(i);
      problem.holders.push_back(std::move(holders));
    }
    return known->second;
  };
  const compiler::Closed closed(inputs, resolved, nodes);
  Barring barring(problem, closed);
  const std::vector<uint32_t> finished = compiler::finished_replicas(intent, resolved);
  std::vector<std::vector<uint32_t>> numbers(static_cast<size_t>(intent.workloads_size()));
  for (const stages::Replica &replica : resolved.replicas())
    numbers[replica.workload()].push_back(replica.number());
  for (size_t w = 0; w < static_cast<size_t>(admissible.workloads_size()); ++w) {
    const proto::Workload &workload = intent.workloads(static_cast<int>(w));
    Need need;
    need.demand = demand_of(problem, workload.resources(), workload.mounts());
    if (!workload.resources().hours().empty()) {
      const proto::Resources mean = compiler::on_average(workload.resources());
      need.mean = {size(mean.cpu_millicores()), size(mean.memory_bytes())};
    }
    if (jobs.is_timetable() && jobs.is_job(w))
      hold_by_slot(problem, need, w, jobs, shared, all_day);
    need.resources = restriction(stages::Restriction::RESOURCES, w);
    need.spread = spread_of(workload.place().spread());
    if (need.spread != Spread::none)
      need.spreading = restriction(stages::Restriction::SPREAD, w);
    need.ports = fixed_ports(workload.ports(), workload.network());
    if (!need.ports.empty())
      need.port = restriction(stages::Restriction::PORT, w);
    need.exclusive = workload.place().exclusive();
    if (need.exclusive)
      need.alone = restriction(stages::Restriction::EXCLUSIVE, w);
    devices.ask(need, workload.resources(), w);
    if (!workload.resources().devices().empty())
      need.named_devices = restriction(stages::Restriction::NAMED_DEVICE, w);
    need.cost_class = objective.class_of_workload[w];
    if (!workload.image().empty())
      need.image = holders_of(workload.image());
    need.first = static_cast<uint32_t>(problem.replicas.size());
    need.count = static_cast<uint32_t>(numbers[w].size());
    let_repeat(problem, workload, need, frozen_homes[workload.name()]);
    for (uint32_t verdict : admissible.workloads(static_cast<int>(w)).verdicts())
      need.clauses.push_back(
          {admissible.verdicts(static_cast<int>(verdict)).restriction(), verdict});
    need.survive = workload.survive() == "node"   ? Survive::node
                   : workload.survive() == "site" ? Survive::site
                                                  : Survive::nothing;
    // Of a workload that is planned in part, nobody says what it would take.
    if (need.count + finished[w] < workload.replicas_min())
      need.survive = Survive::nothing;
    if (need.survive == Survive::site)
      if (auto clause = without_site(problem, w))
        need.clauses.push_back(*clause);
    if (auto clause = beside_frozen(problem, workload, need, frozen_homes[workload.name()]))
      need.clauses.push_back(*clause);
    for (uint32_t number : numbers[w]) {
      Replica replica;
      replica.need = static_cast<uint32_t>(w);
      if (auto home = homes.find({workload.name(), number}); home != homes.end()) {
        if (!home->second.there->finished()) {
          replica.home = NodeId(home->second.node);
          replica.home_devices = DeviceTables::bits(home->second.there->spec().gpus());
        }
        replica.pinned = pin(problem, workload, w, home->second.node);
      }
      barring.bar(replica, workload, number);
      problem.replicas.push_back(std::move(replica));
    }
    problem.needs.push_back(std::move(need));
  }
  overcommit(problem, inputs, resolved);
  if (jobs.is_timetable())
    let_go_on(problem, jobs, resolved, intent);
  price(problem, nodes, objective, jobs);
  even_out(problem, nodes, objective, intent, resolved);
  add_bonds(problem, intent, resolved, frozen_homes);
  std::unordered_set<std::string> left;
  for (const stages::Existing &there : resolved.frozen())
    left.insert(there.workload());
  mark_far(problem, [&](uint32_t w) -> std::optional<NodeBits> {
    if (left.count(intent.workloads(static_cast<int>(w)).name()))
      return std::nullopt;
    const uint32_t set = admissible.workloads(static_cast<int>(w)).set();
    NodeBits nodes = NodeBits::from_proto(admissible.sets(static_cast<int>(set)), problem.nodes);
    if (problem.needs[w].no_device != UINT32_MAX)
      nodes.subtract(problem.sets[problem.needs[w].no_device]);
    return nodes;
  });
  return problem;
}

} // namespace nemo::placement
