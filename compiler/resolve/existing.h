// What of the stack is there already, under the names that the intent has now.
#pragma once

#include <vector>

#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

/// Joins what nodes report to run with what they were told to run; `moved` renames. In order of
/// workload, replica, node, revision.
std::vector<stages::Existing> existing(const proto::Intent &intent, const proto::Fleet &fleet);

} // namespace nemo::compiler
