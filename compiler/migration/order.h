// Gates: the order between instances, as data that agents evaluate.
#pragma once

#include "compiler/migration/waits.h"

namespace nemo::compiler {

/// Instances by node, with who waits for whom, and the actions that they make up.
stages::Migration order(const stages::Inputs &inputs, const proto::Fleet &world,
                        const proto::Fleet &facts, const WantedReplicas &wanted,
                        const Changes &changes, const Waits &waits);

} // namespace nemo::compiler
