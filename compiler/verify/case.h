// Everything that the checks work from: the plan as it is claimed, and what follows from its
// sources and facts alone. Each check reads a Case and reports to Faults; none changes the Case.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/verify/figures.h"
#include "compiler/verify/rules.h"

namespace nemo::verify {

/// A replica that the intent wants, and where the plan puts it.
struct Replica {
  const proto::Workload *workload = nullptr;
  uint32_t number = 0;
  std::string node;
  std::string name() const { return workload->name() + "/" + std::to_string(number); }
};

struct Case {
  const proto::Plan &plan;
  const proto::Intent &intent;
  World world;
  std::vector<Replica> replicas; ///< by workload, number; filled by check_placements

  Question question(const Replica &replica) const {
    return {intent, replica.workload, world.at(replica.node)};
  }
};

/// Digests; the embedded sources checked again.
void check_bindings(const proto::Plan &plan, Faults &faults);
/// Every replica once, on a node that is there. Fills `subject.replicas`.
void check_placements(Case &subject, Faults &faults);
/// Hard rules, one replica at a time.
void check_rules(const Case &subject, Faults &faults);
/// What stands together: room, ports, spread, volumes, quotas.
void check_together(const Case &subject, Faults &faults);
/// Costs, candidates, reasons, objective, bound, totals.
void check_figures(const Case &subject, Faults &faults);
void check_expectations(const Case &subject, Faults &faults);
/// Actions and parts against what runs, and the safety of their order.
void check_changes(const Case &subject, Faults &faults);
/// Shortfalls and warnings.
void check_shortfalls(const Case &subject, Faults &faults);
void check_findings(const Case &subject, Faults &faults);

} // namespace nemo::verify
