// Whether a plan file may still be applied: its intent and the facts that it read must be as they
// were.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "protocol/plan.pb.h"

namespace nemo::orchestrator {

/// N0809 with what moved, one note each; empty when the plan holds. The intent is compared where
/// its path still leads to one.
std::vector<Diagnostic> stale(const proto::Plan &plan, const proto::Fleet &now);

/// The same of a plan that was made just now, and perhaps looked at for a while: what the fleet
/// says since then. What is left as it is counts as well, as nobody else would notice.
std::vector<Diagnostic> fleet_moved(const proto::Plan &plan, const proto::Fleet &now);

/// What differs between two intents' sources, in words: "shop.nemo has changed", "b.nemo is new".
std::vector<std::string> sources_moved(const proto::Intent &planned, const proto::Intent &now);

} // namespace nemo::orchestrator
