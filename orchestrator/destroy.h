// Removing a whole stack is a plan like any other; what is particular is finding out which stack.
#pragma once

#include "orchestrator/make_plan.h"

namespace nemo::orchestrator {

struct DestroyRequest {
  std::optional<std::string> path;  ///< its intent names the stack and must be its owner
  std::optional<std::string> stack; ///< else this one, else the only one there is
  std::optional<std::string> backend;
  bool take_over = false;
  std::vector<std::string> targets, excludes; ///< patterns, see base/pattern.h
};

/// N0813 when several stacks may be meant, N0814 when there is none of that name.
Planned plan_destroy(const DestroyRequest &request);

/// The stack that was named, or else the only one, of what a backend has.
struct Addressed {
  std::optional<Seen> seen;
  std::string stack; ///< empty when there is none at all
  std::vector<Diagnostic> diagnostics;
};
/// \param command  for the hint to name one.
Addressed address_stack(const std::optional<std::string> &backend,
                        const std::optional<std::string> &named, llvm::StringRef command);

/// The stacks that run or are wanted, sorted.
std::vector<std::string> stacks_of(const proto::Fleet &fleet);

} // namespace nemo::orchestrator
