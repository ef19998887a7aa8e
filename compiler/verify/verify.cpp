// The order of the checks: what later ones rest on comes first, and a plan that fails there is not
// looked at further, so that one cause gives one message and not a hundred.
#include "compiler/verify/verify.h"

#include "compiler/verify/cordons.h"

namespace nemo::verify {

std::vector<Diagnostic> verify(const proto::Plan &plan) {
  Faults faults(plan.intent());
  check_bindings(plan, faults);
  if (!faults.empty())
    return faults.take();
  const proto::Intent intent = decided(plan);
  Case subject{plan, intent, make_world(intent, plan.facts(), faults), Moves(intent)};
  split_selection(subject, faults);
  keep_awake(subject);
  check_clusters(subject, faults);
  check_placements(subject, faults);
  if (!faults.empty())
    return faults.take();
  check_waiting(subject, faults);
  check_suspended(subject, faults);
  check_rules(subject, faults);
  check_cordons(subject, faults);
  check_together(subject, faults);
  if (faults.empty())
    check_survival(subject, faults);
  check_settled(subject, faults);
  check_figures(subject, faults);
  check_expectations(subject, faults);
  check_shortfalls(subject, faults);
  check_findings(subject, faults);
  check_changes(subject, faults);
  check_left_out(subject, faults);
  return faults.take();
}

} // namespace nemo::verify
