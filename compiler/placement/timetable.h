// Jobs that run one after the other: starts for them such that they hold their room only while they
// run, and the problem that this makes of theirs.
#pragma once

#include "compiler/placement/jobs.h"
#include "compiler/placement/objective.h"
#include "compiler/placement/place.h"

namespace nemo::placement {

/// More of them would slow every search down.
constexpr size_t most_slots = 64;

/// A moment at which no node is emptier than at those that are not in the list.
struct Slot {
  compiler::PartOfDay part;     ///< what services take then
  std::vector<bool> holds_room; ///< by workload: its jobs run then
};
/// \pre jobs.is_timetable()
/// \param at  the fleet's time
std::vector<Slot> slots(const compiler::Jobs &jobs, const std::vector<compiler::PartOfDay> &day,
                        const std::string &at, const stages::Resolved &resolved);

/// Makes a job's demand that of the slots in which it runs, behind the parts of the day.
/// \param all_day  parts that come before the slots
void hold_by_slot(Problem &problem, Need &need, size_t workload, const compiler::Jobs &jobs,
                  const std::vector<Slot> &slots, size_t all_day);

/// Begun jobs overlap as they do, and nobody joins them: where together they hold more room than a
/// node has, that is its room.
void let_go_on(Problem &problem, const compiler::Jobs &jobs, const stages::Resolved &resolved,
               const proto::Intent &intent);

/// The problem in which jobs need no processor and memory but on nodes where no hour has enough:
/// whatever holds of all its placements does of those at all starts.
Problem without_jobs_room(Problem problem, const compiler::Jobs &jobs);

/// Starts one after the other: those that have been told theirs first, then the largest; each where
/// its replicas cost least beside those that have theirs.
/// Source: serial schedule generation, Kolisch & Hartmann (1999).
/// \param problem  with jobs that hold room all the time
/// \param nodes_of_replica  where services are
std::vector<int64_t> timetable(const proto::Intent &intent, const stages::Resolved &resolved,
                               const std::vector<compiler::NodeView> &nodes,
                               const compiler::Objective &objective, const compiler::Jobs &jobs,
                               const Problem &problem, const std::vector<NodeId> &node_of_replica);

} // namespace nemo::placement
