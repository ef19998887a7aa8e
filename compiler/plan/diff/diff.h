// What differs between two plans for the same fleet: how a change of the intent changes the plan.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/plan.pb.h"

namespace nemo::plan {

/// An expectation on both sides; absent where that side has none like it.
struct Promise {
  std::optional<proto::Expectation> before, after;
  /// It is not met after, and it was met, unknown or not there before.
  bool newly_failing() const;
};

struct Change {
  std::optional<int64_t> before, after; ///< absent: unknown
  /// Absent where either is.
  std::optional<int64_t> difference() const;
};

struct Difference {
  std::string stack, stack_before;
  std::vector<proto::Action> actions; ///< that change something, in the order of the plan
  int kept = 0;                       ///< replicas that go on as they are
  std::vector<Promise> promises;      ///< whose rule, verdict or value changed
  Change ueur_per_hour, milliwatts, mg_co2e_per_hour;
  proto::ObjectiveValue objective_before, objective_after;
  std::vector<proto::Diagnostic> found, gone; ///< by id and message; where it stands is no change
  std::vector<proto::Shortfall> lost, regained;
  bool same_text = false; ///< the intents are the same, byte for byte

  bool objective_changed() const;
  bool totals_changed() const;
  bool empty() const;
};

/// \param before  as if it were applied: `after` was planned on a fleet that runs it.
Difference difference(const proto::Plan &before, const proto::Plan &after);

/// The fleet once this plan is carried out: its stack runs as planned, other stacks as before.
proto::Fleet carried_out(const proto::Fleet &fleet, const proto::Plan &plan);

/// The fleet without anything of a stack.
proto::Fleet without_stack(const proto::Fleet &fleet, const std::string &stack);

} // namespace nemo::plan
