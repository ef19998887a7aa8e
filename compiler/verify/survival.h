// What is to survive the loss of a node or a site.
#pragma once

#include "compiler/verify/case.h"

namespace nemo::verify {

/// What the plan promises of losses: by workload, the one that would take most of those that are to
/// survive it.
std::map<std::string, proto::Expectation> promises(const Case &subject);

} // namespace nemo::verify
