// What a selection leaves out: it goes into the parts as it was told, and nothing that is changed
// may pull the ground from under it.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/migration/changes.h"

namespace nemo::compiler {

/// N0756 for what is left as it is and was given an address that the changes take away.
std::vector<Diagnostic> check_frozen(const stages::Inputs &inputs, const stages::Resolved &resolved,
                                     const Changes &changes);

/// Adds to `migration` what is left as it is or has finished, waiting for what is there from now
/// on; that the latter stays; and what would change if it were selected.
void add_frozen(const stages::Inputs &inputs, const stages::Resolved &resolved,
                stages::Migration &migration);

} // namespace nemo::compiler
