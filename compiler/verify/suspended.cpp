// Nodes that may be suspended: nothing of any stack is on them.
#include <set>

#include <fmt/format.h>

#include "compiler/verify/case.h"

namespace nemo::verify {

void keep_awake(Case &subject) {
  std::set<std::string> held;
  for (const proto::PartState &state : subject.plan.facts().parts())
    if (state.part().stack() != subject.plan.stack() && state.part().instances_size() > 0)
      held.insert(state.part().node());
  for (const proto::Running &running : subject.plan.facts().running())
    if (running.stack() != subject.plan.stack())
      held.insert(running.node());
  for (const There &one : subject.frozen)
    held.insert(one.node);
  for (const proto::ClusterNodes &cluster : subject.plan.clusters())
    held.insert(cluster.nodes().begin(), cluster.nodes().end());
  for (const std::string &name : held)
    if (const auto node = subject.world.nodes.find(name); node != subject.world.nodes.end())
      node->second.clear_power_suspended_mw();
}

void check_suspended(const Case &subject, Faults &faults) {
  std::set<std::string> idle;
  for (const auto &[name, node] : subject.world.nodes)
    if (node.has_power_suspended_mw())
      idle.insert(name);
  for (const Replica &replica : subject.replicas)
    idle.erase(replica.node);
  const auto &claimed = subject.plan.suspended();
  if (!std::equal(claimed.begin(), claimed.end(), idle.begin(), idle.end()))
    faults.differs(diag::N0713, "suspended", fmt::format("{}", fmt::join(claimed, ", ")),
                   fmt::format("{}", fmt::join(idle, ", ")));
}

} // namespace nemo::verify
