// Jobs that have ended well. They take nothing any more, and to the passes that follow they are not
// there; they stay on their nodes as they are, so that nobody starts them again.
#pragma once

#include <vector>

#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

/// Moves from `existing` and `frozen` to `finished` what has finished, unless it is selected and
/// its block is gone or says something else by now; and takes those replicas out of `replicas`.
/// \param before  where other numbers of replicas are tried: what had finished has, whatever the
///                number
void set_finished_apart(const stages::Inputs &inputs, stages::Resolved &resolved,
                        const stages::Resolved *before = nullptr);

/// By workload of the intent: how many of the replicas that it wants have finished.
std::vector<uint32_t> finished_replicas(const proto::Intent &intent,
                                        const stages::Resolved &resolved);

} // namespace nemo::compiler
