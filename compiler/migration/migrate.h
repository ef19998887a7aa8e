// The diff between what exists and what is wanted, as actions for people and as gated instances for
// agents.
#pragma once

#include "compiler/migration/spec.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

struct Migrated {
  stages::Migration migration;
  std::vector<Diagnostic> diagnostics;
};

Migrated migrate(const stages::Inputs &inputs, const stages::Resolved &resolved,
                 const stages::Admissible &admissible, const stages::Placed &placed,
                 const stages::Deliverable &deliverable);

} // namespace nemo::compiler
