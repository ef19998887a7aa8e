// Re-checks a plan from scratch: from its embedded sources and facts, with code that shares nothing
// with the optimiser.
#pragma once

#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "protocol/plan.pb.h"

namespace nemo::verify {

/// \returns every fault found; none means that the plan holds.
std::vector<Diagnostic> verify(const proto::Plan &plan);

} // namespace nemo::verify
