// What the nodes of a cluster mean for everybody else.
#pragma once

#include "protocol/plan.pb.h"

namespace nemo::verify {

/// Makes each cluster a selection of the nodes that the plan gives it, and a rule of those
/// workloads that are not on it.
void lower_clusters(const proto::Plan &plan, proto::Intent &intent);

} // namespace nemo::verify
