// The difference between what is there and what is wanted, found again: one step for each replica
// that is wanted or there, and what of it has to leave.
#pragma once

#include "compiler/verify/desired.h"
#include "compiler/verify/there.h"

namespace nemo::verify {

/// One that has to go, as part of a step.
struct Leaving {
  const There *there = nullptr;
  size_t step = 0;
  bool reachable = true;
  std::string stop_first; ///< why its successor cannot run beside it; empty: it can
  bool live = false;      ///< it goes there as it runs
  bool early = false;     ///< the plan lets it stop before its successor serves
};

struct Step {
  proto::Action action; ///< without `after` and `handover`
  std::optional<size_t> desired;
  std::string renamed_from;   ///< what goes on running has this name until now
  bool runs = false;          ///< what is wanted is there already
  bool protect = false;       ///< what is wanted is protected from now on
  bool was_protected = false; ///< what goes on running is protected already
  std::vector<size_t> leaving;
  bool changes_place() const { return action.verb() == "replace" || action.verb() == "move"; }
};

struct Difference {
  std::vector<There> there;
  std::vector<Step> steps; ///< wanted ones in order of starting, then deletes
  std::vector<Leaving> leaving;
  std::vector<size_t> step_of; ///< by index in DesiredState::replicas
};

/// How long a replica waits for its image, and one that moves for its data: `predicted_ms` and
/// `forecast`.
/// \param asleep  it may be suspended until then
/// \param memory  bit/s at which its memory comes with it, where it does; 0: nobody says
void forecast(const proto::Workload &workload, const proto::Node &node, bool asleep,
              std::optional<uint64_t> memory, proto::Action &action);

Difference difference(const Case &subject, const DesiredState &state);

/// By leaving one: those that were given its address, as far as they are in no circle.
std::vector<std::set<size_t>> users_first(const Case &subject, const Difference &difference);

/// Instances by node, with gates, as agents must be given them; fills in the steps' `after` and
/// `handover`.
std::map<std::string, std::vector<proto::Instance>>
gated(const Case &subject, const DesiredState &state, Difference &difference);

/// As their nodes were told, but for waiting for what is gone or has another revision now.
void add_frozen(const Case &subject, const DesiredState &state,
                std::map<std::string, std::vector<proto::Instance>> &by_node);

/// What the plan says of jobs that are over.
std::vector<proto::Action> kept_finished(const Case &subject);

/// Follows the plan's own gates in the most careless ways that they allow: nothing may wait for
/// ever, and as many replicas of a workload as its budget says stay up; without one, one of
/// several.
void replay(const Case &subject, const Difference &difference, Faults &faults);

/// Whatever may stand on a node at once, in any order that the plan's own gates allow, has room.
void check_transient_room(const Case &subject, const Difference &difference, Faults &faults);

/// Nobody starts beside an exclusive one that has not left, nor an exclusive one beside anybody.
void check_transient_exclusive(const Case &subject, const Difference &difference, Faults &faults);

} // namespace nemo::verify
