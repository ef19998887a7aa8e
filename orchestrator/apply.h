// The second half of the workflow: deliver a plan and watch it become true. May be left at any
// moment: what was delivered is made true by the agents, and applying again goes on.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "orchestrator/deliver.h"
#include "orchestrator/make_plan.h"
#include "orchestrator/tracker.h"

namespace nemo::orchestrator {

struct ApplyOptions {
  std::chrono::milliseconds timeout{std::chrono::minutes(5)};
  bool take_over = false;
  std::function<bool()> interrupted = [] { return false; };
  std::function<void(const std::string &node, uint64_t generation)> on_delivered =
      [](const std::string &, uint64_t) {};
  std::function<void(const ActionState &)> on_action = [](const ActionState &) {};
  std::function<void()> on_tick = [] {}; ///< about ten times a second while watching
};

enum class Outcome { done, failed, interrupted };

struct Applied {
  Outcome outcome = Outcome::done;
  std::vector<std::string> delivered; ///< nodes
  std::vector<std::string> renewed;   ///< nodes whose part stays as it is, and was about to expire
  std::vector<ActionState> actions;
  std::vector<Diagnostic> diagnostics;
};

Applied apply(Seen &seen, const proto::Plan &plan, const ApplyOptions &options);

/// A plan from a file: checked from scratch (a file is hostile), then against what is there now.
/// Empty when it may be applied.
std::vector<Diagnostic> check_plan_file(const proto::Plan &plan, const proto::Fleet &now);

} // namespace nemo::orchestrator
