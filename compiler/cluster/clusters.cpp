#include "compiler/cluster/clusters.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/diagnostics/registry.h"
#include "compiler/cluster/choose.h"
#include "compiler/network/ways.h"
#include "compiler/placement/objective.h"
#include "compiler/resolve/overlay.h"
#include "compiler/resolve/report.h"
#include "compiler/resolve/select_nodes.h"
#include "compiler/resolve/supply.h"
#include "compiler/resolve/volumes.h"

namespace nemo::cluster {

using compiler::NodeBits;
using compiler::NodeView;

namespace {

/// Of a node that it has already, in per cent.
constexpr int64_t kept_cost = 95;
/// Where a cost is not known: after every known one.
constexpr int64_t unknown_cost = int64_t{1} << 50;

int64_t bounded(uint64_t value) {
  return static_cast<int64_t>(std::min<uint64_t>(value, uint64_t{1} << 52));
}

Amounts amounts(const proto::Resources &resources) {
  return {bounded(resources.cpu_millicores()), bounded(resources.memory_bytes()),
          bounded(resources.disk_bytes()), bounded(resources.gpu_milli())};
}

bool is_on(const proto::Workload &workload, const std::string &cluster) {
  const auto &on = workload.place().on();
  return std::find(on.begin(), on.end(), cluster) != on.end();
}

/// Nodes of a cluster are never suspended.
proto::Fleet awake(proto::Fleet world) {
  for (proto::Node &node : *world.mutable_nodes())
    node.clear_power_suspended_mw();
  return world;
}

class Choosing {
public:
  explicit Choosing(const stages::Inputs &inputs)
      : intent_(inputs.intent()), world_(awake(compiler::overlay(intent_, inputs.fleet()).world)),
        nodes_(compiler::views(world_)), ways_(world_, nodes_),
        objective_(compiler::read_objective(intent_, nodes_)), taken_(nodes_.size()) {
    for (const NodeView &node : nodes_)
      room_.push_back({bounded(compiler::fed_millicores(*node.node)),
                       bounded(node.node->memory_bytes()), bounded(node.node->disk_bytes()),
                       bounded(node.node->gpu_milli())});
    std::map<std::string, size_t> index;
    for (size_t n = 0; n < nodes_.size(); ++n)
      index.emplace(nodes_[n].node->name(), n);
    for (const proto::PartState &state : inputs.fleet().parts()) {
      const auto node = index.find(state.part().node());
      if (node == index.end())
        continue;
      for (const proto::Instance &instance : state.part().instances())
        if (state.part().stack() == intent_.stack())
          runs_.emplace(instance.workload(), Home{node->second, instance.protect()});
        else
          take(node->second, instance.spec());
    }
    for (const proto::Running &running : inputs.fleet().running())
      if (const auto node = index.find(running.node());
          node != index.end() && running.stack() == intent_.stack())
        runs_.emplace(running.workload(), Home{node->second, running.protect()});
  }

  Chosen run() {
    for (const proto::Cluster &cluster : intent_.clusters())
      choose_for(cluster);
    return std::move(result_);
  }

private:
  void take(size_t node, const proto::Spec &spec) {
    const Amounts used = amounts(compiler::reserved(spec.resources(), spec.mounts()));
    for (size_t k = 0; k < amount_count; ++k)
      room_[node][k] -= used[k];
  }

  NodeBits allowed(const proto::Cluster &cluster) {
    NodeBits any(nodes_.size());
    for (const std::string &name : cluster.on())
      for (const proto::Select &select : intent_.selects())
        if (select.name() == name)
          any |= compiler::select_nodes(intent_, select, nodes_, result_.diagnostics);
    proto::Select own;
    own.set_name(cluster.name());
    *own.mutable_rules() = cluster.rules();
    any &= compiler::select_nodes(intent_, own, nodes_, result_.diagnostics);
    any.subtract(taken_);
    return any;
  }

  int64_t cost_of(size_t node) const {
    proto::Resources whole;
    whole.set_memory_bytes(nodes_[node].node->memory_bytes());
    const compiler::Weights money{{}, {}, Rational(1), {}}; // where there is no workload to ask
    const compiler::Weights &weights = intent_.workloads().empty() ? money : objective_.of(0, node);
    const auto cost = compiler::millionths_per_hour(
        compiler::weighted(compiler::figures(whole, nodes_[node]), weights));
    return cost ? std::clamp<int64_t>(*cost, 0, unknown_cost) : unknown_cost;
  }

  std::string domain_of(size_t node, const std::string &spread) const {
    const proto::Site *site = nodes_[node].site;
    return spread == "site"   ? nodes_[node].node->site()
           : !site            ? std::string()
           : spread == "zone" ? site->zone()
                              : site->region();
  }

  /// Room for its workloads on these nodes, the largest first, each where it fits first.
  bool holds(const std::vector<Amounts> &demands, const std::vector<size_t> &of,
             const std::vector<uint32_t> &nodes) const {
    std::vector<Amounts> room;
    for (uint32_t node : nodes)
      room.push_back(room_[of[node]]);
    return std::all_of(demands.begin(), demands.end(), [&](const Amounts &demand) {
      for (Amounts &left : room) {
        bool fits = true;
        for (size_t k = 0; k < amount_count; ++k)
          fits &= demand[k] == 0 || demand[k] <= left[k];
        if (!fits)
          continue;
        for (size_t k = 0; k < amount_count; ++k)
          left[k] -= demand[k];
        return true;
      }
      return false;
    });
  }

  void choose_for(const proto::Cluster &cluster) {
    std::vector<Amounts> demands;
    std::set<size_t> homes, held; // where its workloads are, and where their data holds them
    for (const proto::Workload &workload : intent_.workloads())
      if (is_on(workload, cluster.name())) {
        // On several selections it may be elsewhere.
        const uint32_t replicas = workload.place().on_size() == 1 && !workload.has_priority()
                                      ? workload.replicas_min()
                                      : 0;
        demands.insert(demands.end(), replicas,
                       amounts(compiler::reserved(workload.resources(), workload.mounts())));
        for (auto [at, end] = runs_.equal_range(workload.name()); at != end; ++at) {
          homes.insert(at->second.node);
          if (at->second.guarded || compiler::held_by_data(workload))
            held.insert(at->second.node);
        }
      }
    std::stable_sort(demands.begin(), demands.end(),
                     [](const Amounts &a, const Amounts &b) { return a > b; });
    std::vector<Candidate> candidates;
    std::vector<size_t> of;
    std::map<std::string, uint32_t> domains;
    allowed(cluster).for_each([&](size_t node) {
      const std::string domain = domain_of(node, cluster.spread());
      if (!cluster.spread().empty() && domain.empty())
        return;
      // Cordoned nodes take nothing new; drained ones keep what cannot leave.
      const proto::Node &host = *nodes_[node].node;
      if (host.has_cordon() && !(host.cordon().drained() ? held : homes).count(node))
        return;
      const int64_t cost = cost_of(node);
      candidates.push_back(
          {homes.count(node) ? cost / 100 * kept_cost + cost % 100 * kept_cost / 100 : cost,
           room_[node],
           domains.try_emplace(domain, static_cast<uint32_t>(domains.size())).first->second});
      of.push_back(node);
    });
    const auto room_for_all = [&](const std::vector<uint32_t> &nodes) {
      return holds(demands, of, nodes);
    };
    const auto near = [&](uint32_t a, uint32_t b) { return close(cluster, of[a], of[b]); };
    const Wanted wanted{std::max(cluster.nodes_min(), cluster.controllers()),
                        cluster.nodes_max(),
                        cluster.controllers(),
                        !cluster.spread().empty(),
                        amounts(cluster.capacity()),
                        room_for_all,
                        near};
    const Choice choice = nemo::cluster::choose(candidates, wanted);
    proto::ClusterNodes &chosen = result_.clusters.emplace_back();
    chosen.set_name(cluster.name());
    if (choice.nodes.empty())
      return refuse(cluster, candidates.size(), choice);
    for (uint32_t node : choice.nodes) {
      chosen.add_nodes(nodes_[of[node]].node->name());
      taken_.set(of[node]);
    }
    for (uint32_t node : choice.controllers)
      chosen.add_controllers(nodes_[of[node]].node->name());
  }

  bool close(const proto::Cluster &cluster, size_t a, size_t b) {
    if (cluster.quorum_latency_ns() == 0)
      return true;
    for (const auto &[from, to] : {std::pair(a, b), std::pair(b, a)}) {
      const auto route = ways_.route(static_cast<uint32_t>(from), static_cast<uint32_t>(to));
      if (!route || route->latency_ns > cluster.quorum_latency_ns())
        return false;
    }
    return true;
  }

  void refuse(const proto::Cluster &cluster, size_t candidates, const Choice &choice) {
    Diagnostic fault =
        compiler::report(diag::N0608,
                         fmt::format("no nodes {} form cluster {}",
                                     choice.proved ? "can" : "were found to", cluster.name()),
                         intent_, cluster.span());
    fault.notes.push_back(
        compiler::note(fmt::format("of {} that its selections and rules leave, {}",
                                   compiler::counted(candidates, "node"), choice.lacks)));
    fault.fix = "allow more nodes, ask for less capacity, or let controllers be further apart";
    result_.diagnostics.push_back(std::move(fault));
  }

  const proto::Intent &intent_;
  const proto::Fleet world_;
  const std::vector<NodeView> nodes_;
  compiler::Ways ways_;
  const compiler::Objective objective_;
  NodeBits taken_;
  std::vector<Amounts> room_;
  struct Home {
    size_t node;
    bool guarded; ///< it runs protected
  };
  std::multimap<std::string, Home> runs_; ///< by workload
  Chosen result_;
};

/// node.name in ["a", "b"]
proto::Rule named(const proto::ClusterNodes &chosen, const proto::Cluster &cluster,
                  proto::Rule::Verb verb) {
  proto::Rule rule;
  rule.set_verb(verb);
  *rule.mutable_span() = cluster.span();
  rule.set_owner("cluster." + cluster.name());
  rule.set_text(fmt::format("cluster {} has its nodes to itself", cluster.name()));
  proto::Expr &formula = *rule.mutable_formula();
  formula.set_op(proto::Expr::IN);
  proto::Expr &name = *formula.add_operands();
  name.mutable_ref()->add_path("node");
  name.mutable_ref()->add_path("name");
  proto::Expr &list = *formula.add_operands();
  list.set_op(proto::Expr::LIST);
  for (const std::string &node : chosen.nodes())
    list.add_operands()->mutable_literal()->set_text(node);
  return rule;
}

} // namespace

Chosen choose(const stages::Inputs &inputs) {
  if (!inputs.destroy())
    return Choosing(inputs).run();
  Chosen none;
  for (const proto::Cluster &cluster : inputs.intent().clusters())
    none.clusters.emplace_back().set_name(cluster.name());
  return none;
}

proto::Intent lower(const proto::Intent &intent, const std::vector<proto::ClusterNodes> &clusters) {
  proto::Intent lowered = intent;
  for (size_t c = 0; c < clusters.size(); ++c) {
    const proto::Cluster &cluster = intent.clusters(static_cast<int>(c));
    proto::Select &select = *lowered.add_selects();
    select.set_name(cluster.name());
    *select.mutable_span() = cluster.span();
    *select.add_rules() = named(clusters[c], cluster, proto::Rule::REQUIRE);
    for (proto::Workload &workload : *lowered.mutable_workloads())
      if (!is_on(workload, cluster.name()))
        *workload.mutable_place()->add_rules() = named(clusters[c], cluster, proto::Rule::DENY);
  }
  return lowered;
}

} // namespace nemo::cluster
