// Rules that cannot be acted on are refused, not skipped.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "protocol/intent.pb.h"

namespace nemo::compiler {

/// Rules of policies, `place` and `slo` that ask about something nothing here supplies, that mix
/// predicted figures with facts of single nodes, or whose action (`else rollback`) nobody takes.
std::vector<Diagnostic> refused_rules(const proto::Intent &intent);

/// True for a require or deny that is decided by facts alone; the others are expectations.
bool restricts(const proto::Rule &rule);

} // namespace nemo::compiler
