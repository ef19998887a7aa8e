// Three steps: what is wanted, what changes, in which order.
#include "compiler/migration/migrate.h"

#include "compiler/migration/order.h"
#include "compiler/migration/ownership.h"

namespace nemo::compiler {

Migrated migrate(const stages::Inputs &inputs, const stages::Resolved &resolved,
                 const stages::Admissible &admissible, const stages::Placed &placed,
                 const stages::Deliverable &deliverable) {
  Migrated result;
  result.diagnostics = ownership(inputs, resolved);
  WantedReplicas replicas = wanted(inputs, resolved, placed, deliverable);
  for (Diagnostic &fault : replicas.diagnostics)
    result.diagnostics.push_back(std::move(fault));
  if (!has_errors(result.diagnostics))
    result.migration = order(inputs, replicas, compare(inputs, resolved, admissible, replicas));
  return result;
}

} // namespace nemo::compiler
