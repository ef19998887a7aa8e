#include "compiler/resolve/suspend.h"

#include <set>

namespace nemo::compiler {

void keep_awake(proto::Fleet &world, const std::vector<std::string> &names) {
  const std::set<std::string> awake(names.begin(), names.end());
  for (proto::Node &node : *world.mutable_nodes())
    if (awake.count(node.name()))
      node.clear_power_suspended_mw();
}

void keep_awake(const stages::Inputs &inputs, stages::Resolved &resolved) {
  std::vector<std::string> names;
  for (const proto::PartState &state : resolved.facts().parts())
    if (state.part().stack() != inputs.intent().stack() && !state.part().instances().empty())
      names.push_back(state.part().node());
  for (const proto::Running &running : resolved.facts().running())
    if (running.stack() != inputs.intent().stack())
      names.push_back(running.node());
  for (const stages::Existing &there : resolved.frozen())
    names.push_back(there.node());
  keep_awake(*resolved.mutable_world(), names);
}

} // namespace nemo::compiler
