#include "compiler/policy/closed.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "compiler/resolve/report.h"
#include "compiler/resolve/volumes.h"

namespace nemo::compiler {

Closed::Closed(const stages::Inputs &inputs, const stages::Resolved &resolved,
               const std::vector<NodeView> &nodes)
    : cordoned_(nodes.size()), drained_(nodes.size()) {
  std::unordered_map<std::string, size_t> index;
  for (size_t i = 0; i < nodes.size(); ++i) {
    index.emplace(nodes[i].node->name(), i);
    if (!nodes[i].node->has_cordon())
      continue;
    cordoned_.set(i);
    if (nodes[i].node->cordon().drained())
      drained_.set(i);
  }
  for (const proto::AskedMove &move : inputs.asked())
    if (const auto node = index.find(move.node()); node != index.end())
      asked_.emplace(std::pair(move.workload(), move.replica()), node->second);
  if (!cordoned_.any())
    return;
  std::set<std::pair<std::string, uint32_t>> seen; // the first is the one that placement starts at
  for (const stages::Existing &there : resolved.existing())
    if (const auto node = index.find(there.node()); node != index.end() && !there.retiring())
      if (seen.emplace(there.workload(), there.replica()).second && !there.finished() &&
          cordoned_.test(node->second))
        homes_.emplace(std::pair(there.workload(), there.replica()),
                       Home{node->second, there.protect()});
}

std::optional<size_t> Closed::stays(const proto::Workload &workload, uint32_t replica) const {
  const auto home = homes_.find({workload.name(), replica});
  if (home == homes_.end() ||
      (drained_.test(home->second.node) && !home->second.guarded && !held_by_data(workload)))
    return std::nullopt;
  return home->second.node;
}

NodeBits Closed::to_all(const proto::Workload &workload) const {
  NodeBits closed = cordoned_;
  for (auto home = homes_.lower_bound({workload.name(), 0});
       home != homes_.end() && home->first.first == workload.name(); ++home)
    if (const auto node = stays(workload, home->first.second))
      closed.reset(*node);
  return closed;
}

NodeBits Closed::to(const proto::Workload &workload, uint32_t replica) const {
  NodeBits closed = cordoned_;
  if (const auto node = stays(workload, replica))
    closed.reset(*node);
  return closed;
}

NodeBits Closed::but_asked(const proto::Workload &workload, uint32_t replica) const {
  const auto asked = asked_.find({workload.name(), replica});
  NodeBits others(cordoned_.size(), asked != asked_.end());
  if (asked != asked_.end())
    others.reset(asked->second);
  return others;
}

std::vector<Diagnostic> refused_moves(const stages::Inputs &inputs,
                                      const stages::Resolved &resolved) {
  std::vector<Diagnostic> refused;
  std::vector<std::string> nodes;
  for (const proto::Node &node : resolved.world().nodes())
    nodes.push_back(node.name());
  std::set<std::pair<std::string, uint32_t>> units;
  for (const stages::Replica &replica : resolved.replicas())
    units.emplace(inputs.intent().workloads(static_cast<int>(replica.workload())).name(),
                  replica.number());
  for (const proto::AskedMove &move : inputs.asked()) {
    if (!units.count({move.workload(), move.replica()})) {
      Diagnostic fault = diag::make(
          diag::N0759, fmt::format("{}/{} cannot be moved: this plan has no such replica",
                                   move.workload(), move.replica()));
      std::vector<std::string> names;
      for (const auto &[workload, number] : units)
        names.push_back(fmt::format("{}/{}", workload, number));
      fault.notes.push_back(
          note(names.empty() ? "it has none at all" : "it has " + enumerate(names, 10)));
      refused.push_back(std::move(fault));
    }
    if (std::find(nodes.begin(), nodes.end(), move.node()) == nodes.end()) {
      Diagnostic fault =
          diag::make(diag::N0759, fmt::format("{}/{} cannot move to {}: the fleet has "
                                              "no such node",
                                              move.workload(), move.replica(), move.node()));
      if (auto meant = did_you_mean(move.node(), nodes))
        fault.fix = fmt::format("did you mean {}?", *meant);
      refused.push_back(std::move(fault));
    }
  }
  return refused;
}

} // namespace nemo::compiler
