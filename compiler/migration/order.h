// Gates: the order between instances, as data that agents evaluate.
#pragma once

#include "compiler/migration/changes.h"

namespace nemo::compiler {

/// Puts the changes in order and returns instances and actions. No circle of waiting can arise: a
/// new instance waits for new ones that start before it and for old ones that hold what it needs;
/// an old one waits for its successor, or for old ones that still use it, but never both for that
/// and for somebody who waits for it.
stages::Migration order(const stages::Inputs &inputs, const WantedReplicas &wanted,
                        Changes changes);

} // namespace nemo::compiler
