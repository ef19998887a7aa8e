// The nodes that a selection's rules leave.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/node_bits.h"

namespace nemo::compiler {

/// N0511 where a rule has no value; then none.
NodeBits select_nodes(const proto::Intent &intent, const proto::Select &select,
                      const std::vector<NodeView> &nodes, std::vector<Diagnostic> &out);

} // namespace nemo::compiler
