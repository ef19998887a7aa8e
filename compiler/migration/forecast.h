// How long what a replica needs takes to be on its node.
#pragma once

#include <optional>

#include "protocol/plan.pb.h"

namespace nemo::compiler {

/// A machine's memory, which moves while it runs.
struct Copy {
  const proto::Node &from;
  const proto::Fleet &world;
};

/// Fills in `predicted_ms` and `forecast` of an action that starts a replica of `workload` on
/// `node`: the time until the node wakes, its image, and after a move its data or its memory, one
/// after the other. \param asleep  nothing is on the node yet, and it can be suspended
void forecast(const proto::Workload &workload, const proto::Node &node, bool asleep,
              const std::optional<Copy> &copy, proto::Action &action);

} // namespace nemo::compiler
