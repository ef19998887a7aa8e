// Nodes that can be suspended. In the world that the passes see, only those have a suspended power
// that stand empty unless this plan puts something there: who is awake for others is as any node.
#pragma once

#include <string>
#include <vector>

#include "compiler/pipeline/stages.pb.h"
#include "compiler/resolve/names.h"

namespace nemo::compiler {

/// Nodes that hold what is of other stacks, or is left as it is, are awake anyway.
void keep_awake(const stages::Inputs &inputs, stages::Resolved &resolved);
/// The same of the nodes of these names.
void keep_awake(proto::Fleet &world, const std::vector<std::string> &names);

inline bool can_sleep(const NodeView &view) { return view.node->has_power_suspended_mw(); }

} // namespace nemo::compiler
