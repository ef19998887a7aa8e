// What of the stack is there already, under the names that the intent has now.
#pragma once

#include <vector>

#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

/// Whether what is reported has ended well and is not started again.
bool has_ended(const proto::Running &running);

/// Joins what nodes report to run with what they were told to run; `moved` renames. In order of
/// workload, replica, node, revision.
std::vector<stages::Existing> existing(const proto::Intent &intent, const proto::Fleet &fleet);

} // namespace nemo::compiler
