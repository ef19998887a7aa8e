// How many replicas a workload with a range of them gets: the fewest with which its hard SLOs hold.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"
#include "compiler/placement/watch.h"

namespace nemo::compiler {

bool has_ranges(const proto::Intent &intent);

/// The inputs with `counts[w]` replicas of workload w instead of its fewest.
stages::Inputs with_replicas(const stages::Inputs &inputs,
                             const google::protobuf::RepeatedField<uint32_t> &counts);

/// resolve() with other numbers of replicas, which change nothing about the world.
stages::Resolved resolve_again(const stages::Inputs &inputs, const stages::Resolved &before);

/// Takes up a state that is placed with the fewest replicas of everything. All get as many as have
/// to be available. Where a hard SLO of a
/// figure that more replicas can mend is missed, those that it is about get more, or else what they
/// need; then as few as it takes. Leaves the counts in the placement, and the passes up to it as
/// they are with them. In a plan for a part of the stack, as many as there are stay.
/// \param diagnostics  of the placement; those of the last one are left
void decide_replicas(stages::Stages &state, const placement::Watch &watch,
                     std::vector<Diagnostic> &diagnostics);

} // namespace nemo::compiler
