// Nodes that are chosen to form clusters: whether they may, and are enough.
#include "compiler/verify/clusters.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/verify/rooms.h"
#include "compiler/verify/ways.h"

namespace nemo::verify {

namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

proto::Rule stay_away(const proto::Cluster &cluster, const Names &nodes, proto::Rule::Verb verb) {
  proto::Rule rule;
  rule.set_verb(verb);
  rule.set_text("cluster " + cluster.name() + " has its nodes to itself");
  rule.set_owner("cluster." + cluster.name());
  rule.mutable_span()->CopyFrom(cluster.span());
  rule.mutable_formula()->set_op(proto::Expr::IN);
  proto::Ref &ref = *rule.mutable_formula()->add_operands()->mutable_ref();
  for (const char *part : {"node", "name"})
    ref.add_path(part);
  proto::Expr &all = *rule.mutable_formula()->add_operands();
  all.set_op(proto::Expr::LIST);
  for (const std::string &name : nodes)
    *all.add_operands()->mutable_literal() = formula::text(name);
  return rule;
}

class Cluster {
public:
  Cluster(const Case &subject, const proto::Cluster &wanted, const proto::ClusterNodes &found,
          Faults &faults)
      : subject_(subject), wanted_(wanted), found_(found), faults_(faults) {}

  void check(std::set<std::string> &taken) {
    const size_t count = static_cast<size_t>(found_.nodes_size());
    const std::set<std::string> nodes(found_.nodes().begin(), found_.nodes().end());
    if (nodes.size() != count || !std::is_sorted(found_.nodes().begin(), found_.nodes().end()))
      fault("does not name each of its nodes once, in order of name");
    if (count < wanted_.nodes_min() || count > wanted_.nodes_max())
      fault(fmt::format("has {} nodes, and {}..{} are wanted", count, wanted_.nodes_min(),
                        wanted_.nodes_max()));
    for (const std::string &node : nodes) {
      if (!subject_.world.nodes.count(node)) {
        fault(node + " is no node of the facts");
        return;
      }
      if (!taken.insert(node).second)
        fault(node + " is in another cluster");
      if (!admitted(subject_.world.at(node)))
        fault("a rule or its selections remove " + node);
      else if (subject_.world.at(node).node->has_cordon() && !hosts(node))
        fault(node + " is closed, and none of its workloads is there");
    }
    check_controllers(nodes);
    check_capacity(nodes);
  }

private:
  void fault(const std::string &what) {
    faults_.at(diag::N0713, fmt::format("cluster {}: {}", wanted_.name(), what), wanted_.span());
  }

  bool hosts(const std::string &node) const {
    return std::any_of(subject_.there.begin(), subject_.there.end(), [&](const There &one) {
      for (const proto::Workload &workload : subject_.intent.workloads())
        if (workload.name() == one.workload && one.node == node)
          return std::count(workload.place().on().begin(), workload.place().on().end(),
                            wanted_.name()) != 0;
      return false;
    });
  }

  bool admitted(const Place &place) const {
    const proto::Intent &intent = subject_.plan.intent();
    const bool inside = std::any_of(
        intent.selects().begin(), intent.selects().end(), [&](const proto::Select &select) {
          return std::count(wanted_.on().begin(), wanted_.on().end(), select.name()) != 0 &&
                 selected(select, place, intent);
        });
    proto::Select own;
    own.mutable_rules()->CopyFrom(wanted_.rules());
    return inside && selected(own, place, intent);
  }

  void check_controllers(const std::set<std::string> &nodes) {
    const Names &list = found_.controllers();
    const std::set<std::string> chiefs(list.begin(), list.end());
    if (chiefs.size() != static_cast<size_t>(list.size()) ||
        !std::is_sorted(list.begin(), list.end()) || chiefs.size() != wanted_.controllers())
      fault(fmt::format("names {} controllers, and {} are wanted", list.size(),
                        wanted_.controllers()));
    Ways ways(subject_.world);
    std::set<std::string> domains;
    for (const std::string &chief : chiefs) {
      if (!nodes.count(chief)) {
        fault(chief + " is a controller and none of its nodes");
        return;
      }
      if (!wanted_.spread().empty()) {
        const std::string group = spread_group(subject_.world.at(chief), wanted_.spread());
        if (group.empty() || !domains.insert(group).second)
          fault(fmt::format("its controllers are spread by {}, and {} is not", wanted_.spread(),
                            chief));
      }
      for (const std::string &other : chiefs) {
        if (other == chief || wanted_.quorum_latency_ns() == 0)
          continue;
        const auto &way = ways.between(chief, other);
        if (!way || way->latency_ns > wanted_.quorum_latency_ns())
          fault(fmt::format("{} is too far from {}", chief, other));
      }
    }
  }

  void check_capacity(const std::set<std::string> &nodes) {
    std::map<std::string, Amounts>
        others; // of this stack, what a plan leaves as it is may be on it
    for (const proto::PartState &state : subject_.plan.facts().parts())
      if (state.part().stack() != subject_.plan.stack())
        for (const proto::Instance &instance : state.part().instances())
          others[state.part().node()] +=
              amounts(instance.spec().resources(), instance.spec().mounts());
    Amounts have{};
    for (const std::string &name : nodes) {
      const auto capacities = capacity(*subject_.world.at(name).node);
      for (size_t i = 0; i < have.size(); ++i) {
        const Amount used = others.count(name) ? others.at(name)[i] : 0;
        have[i] += capacities[i] && *capacities[i] > used ? *capacities[i] - used : 0;
      }
    }
    const Amounts want = amounts(wanted_.capacity());
    for (size_t i = 0; i < 4; ++i)
      if (have[i] < want[i])
        fault(fmt::format("its nodes have too little {}", amount_names[i]));
  }

  const Case &subject_;
  const proto::Cluster &wanted_;
  const proto::ClusterNodes &found_;
  Faults &faults_;
};

} // namespace

void lower_clusters(const proto::Plan &plan, proto::Intent &intent) {
  for (const proto::Cluster &cluster : plan.intent().clusters()) {
    Names nodes;
    for (const proto::ClusterNodes &found : plan.clusters())
      if (found.name() == cluster.name())
        nodes = found.nodes();
    proto::Select &select = *intent.add_selects();
    select.set_name(cluster.name());
    select.mutable_span()->CopyFrom(cluster.span());
    *select.add_rules() = stay_away(cluster, nodes, proto::Rule::REQUIRE);
    for (proto::Workload &workload : *intent.mutable_workloads()) {
      const auto &on = workload.place().on();
      if (std::count(on.begin(), on.end(), cluster.name()) == 0)
        *workload.mutable_place()->add_rules() = stay_away(cluster, nodes, proto::Rule::DENY);
    }
  }
}

void check_clusters(const Case &subject, Faults &faults) {
  const auto &wanted = subject.plan.intent().clusters();
  const auto &found = subject.plan.clusters();
  const int expected = subject.plan.destroy() ? 0 : wanted.size();
  if (found.size() != expected) {
    faults.differs(diag::N0713, "clusters", std::to_string(found.size()) + " entries",
                   std::to_string(expected) + " entries");
    return;
  }
  std::set<std::string> taken;
  for (int i = 0; i < expected; ++i)
    if (found[i].name() != wanted[i].name())
      faults.differs(diag::N0713, fmt::format("clusters[{}].name", i), found[i].name(),
                     wanted[i].name());
    else
      Cluster(subject, wanted[i], found[i], faults).check(taken);
}

} // namespace nemo::verify
