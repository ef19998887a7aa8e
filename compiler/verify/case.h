// Everything that the checks work from: the plan as it is claimed, and what follows from its
// sources and facts alone. Each check reads a Case and reports to Faults; none changes the Case.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "compiler/verify/figures.h"
#include "compiler/verify/rules.h"
#include "compiler/verify/there.h"

namespace nemo::verify {

/// A replica that the intent wants, and where the plan puts it.
struct Replica {
  const proto::Workload *workload = nullptr;
  uint32_t number = 0;
  std::string node;
  std::vector<uint32_t> gpus; ///< of the node, that the plan gives it
  std::string name() const { return workload->name() + "/" + std::to_string(number); }
};

struct Case {
  using Unit = std::pair<std::string, uint32_t>; ///< workload by its name of now, replica

  const proto::Plan &plan;
  const proto::Intent &intent;
  World world;
  Moves moves;
  std::vector<Replica> replicas = {}; ///< by workload, number; filled by check_placements
  bool selective = false;             ///< the plan leaves something out
  std::set<Unit> selected = {};       ///< where it does
  std::vector<There> there = {};      ///< what is there and selected
  std::vector<There> frozen = {};     ///< what is there and left as it is
  std::vector<There> finished = {};   ///< jobs that are over: left as they are, and hold nothing
  std::set<Unit> over = {};           ///< the same
  bool jobs_need_room = true;         ///< not where only a bound is asked for

  bool takes(const std::string &workload, uint32_t replica) const {
    return !selective || selected.count({workload, replica}) != 0;
  }

  /// Its job is over, and nothing asks for another run.
  bool is_over(const std::string &workload, uint32_t replica) const {
    return over.count({workload, replica}) != 0;
  }
  /// All of its replicas are over.
  bool is_over(const proto::Workload &workload) const;

  Question question(const Replica &replica) const {
    return {intent, replica.workload, world.at(replica.node)};
  }
};

/// A workload's block as the specification that it is started from, without what follows from where
/// it runs and who is there.
proto::Spec lowered(const proto::Intent &intent, const proto::Workload &workload);

/// The plan's intent, with as few replicas of a workload at least as the plan decides on. A number
/// that the intent does not allow is not taken over, so that it shows.
proto::Intent decided(const proto::Plan &plan);
/// Digests; the embedded sources checked again.
void check_bindings(const proto::Plan &plan, Faults &faults);
/// Splits what is there by the plan's targets and excludes.
void split_selection(Case &subject, Faults &faults);
/// Takes the suspended power off nodes of the world that are awake for others, whatever is planned.
void keep_awake(Case &subject);
/// Which nodes may be suspended.
void check_suspended(const Case &subject, Faults &faults);
/// What the plan says it leaves out.
void check_left_out(const Case &subject, Faults &faults);
/// Every replica once, on a node that is there. Fills `subject.replicas`.
void check_placements(Case &subject, Faults &faults);
/// The nodes of each cluster may form it and are enough.
void check_clusters(const Case &subject, Faults &faults);
/// Who waits for room may, and has to.
void check_waiting(const Case &subject, Faults &faults);
/// Hard rules, one replica at a time.
void check_rules(const Case &subject, Faults &faults);
/// Devices are of the kind that is asked for, and nobody's part of one is another's.
void check_devices(const Case &subject, Faults &faults);
/// What stands together: room, ports, spread, volumes, quotas.
void check_together(const Case &subject, Faults &faults);
/// After every loss that workloads are to survive there is room for what it takes.
void check_survival(const Case &subject, Faults &faults);
/// Nobody moves to save cost before its time, nor more than may in an hour.
void check_settled(const Case &subject, Faults &faults);
/// Costs, candidates, reasons, objective, bound, totals.
void check_figures(const Case &subject, Faults &faults);
void check_expectations(const Case &subject, Faults &faults);
/// Actions and parts against what runs, and the safety of their order.
void check_changes(const Case &subject, Faults &faults);
/// Shortfalls and warnings.
void check_shortfalls(const Case &subject, Faults &faults);
void check_findings(const Case &subject, Faults &faults);

} // namespace nemo::verify
