// Four steps: what is wanted, what changes, who waits for whom, and an order that is safe.
#include "compiler/migration/migrate.h"

#include "compiler/migration/asked.h"
#include "compiler/migration/frozen.h"
#include "compiler/migration/order.h"
#include "compiler/migration/ownership.h"
#include "compiler/migration/protection.h"
#include "compiler/migration/schedule.h"
#include "compiler/resolve/selection.h"

namespace nemo::compiler {

Migrated migrate(const stages::Inputs &inputs, const stages::Resolved &resolved,
                 const stages::Admissible &admissible, const stages::Placed &placed,
                 const stages::Deliverable &deliverable) {
  Migrated result;
  result.diagnostics = ownership(inputs, resolved);
  WantedReplicas replicas = wanted(inputs, resolved, placed, deliverable);
  for (Diagnostic &fault : replicas.diagnostics)
    result.diagnostics.push_back(std::move(fault));
  if (has_errors(result.diagnostics))
    return result;
  Changes changes = compare(inputs, resolved, admissible, replicas);
  for (Diagnostic &found : protection(inputs, changes))
    result.diagnostics.push_back(std::move(found));
  for (Diagnostic &found : check_asked(inputs, changes))
    result.diagnostics.push_back(std::move(found));
  for (Diagnostic &found : check_frozen(inputs, resolved, changes))
    result.diagnostics.push_back(std::move(found));
  if (has_errors(result.diagnostics))
    return result;
  Waits waits(inputs, replicas, changes);
  for (Diagnostic &found : Schedule(inputs, resolved, replicas, changes, waits).run())
    result.diagnostics.push_back(std::move(found));
  if (has_errors(result.diagnostics))
    return result;
  result.migration = order(inputs, resolved.world(), resolved.facts(), replicas, changes, waits);
  if (is_selective(inputs) || !resolved.finished().empty())
    add_frozen(inputs, resolved, result.migration);
  return result;
}

} // namespace nemo::compiler
