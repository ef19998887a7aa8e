// Lays what the intent declares of sites, nodes and links over what the fleet reports of itself.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "protocol/fleet.pb.h"
#include "protocol/intent.pb.h"

namespace nemo::compiler {

struct Overlaid {
  proto::Fleet world; ///< sites and nodes in order of name
  std::vector<Diagnostic> diagnostics;
};

/// Declared facts fill what is unknown; declared price, power, carbon, availability, labels, class
/// and trust win; declared resources may lower what was discovered and never exceed it.
Overlaid overlay(const proto::Intent &intent, const proto::Fleet &fleet);

} // namespace nemo::compiler
