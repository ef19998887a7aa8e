// How long a replica that moves waits for its data.
#pragma once

#include "protocol/plan.pb.h"

namespace nemo::compiler {

/// Fills in `predicted_ms` and `forecast` of a move: volumes one after the other, each its size
/// over its restore rate, rounded up. A volume that nothing is said of is there at once where
/// several nodes or others keep it, and not known to come back where only the node that it left
/// did.
void forecast(const proto::Workload &workload, proto::Action &action);

} // namespace nemo::compiler
