// Lifting a protection: on purpose, by name, and without touching what runs.
#pragma once

#include "orchestrator/make_plan.h"

namespace nemo::orchestrator {

struct UnprotectRequest {
  std::vector<std::string> names; ///< patterns, see base/pattern.h
  std::optional<std::string> stack;
  std::optional<std::string> backend;
};

/// What would be lifted. Nothing is delivered yet.
struct Unprotecting {
  std::optional<Seen> seen;
  std::string stack;
  struct Object {
    std::string name; ///< "db/0"
    std::string node;
  };
  std::vector<Object> objects;
  std::vector<proto::DeliverCall> calls; ///< one for each node
  std::vector<Diagnostic> diagnostics;
};

/// N0819 when a name means nothing that runs protected; N0813 and N0814 as for destroy.
Unprotecting plan_unprotect(const UnprotectRequest &request);

/// By compare-and-swap, node after node. Empty when all of it was lifted.
std::vector<Diagnostic>
unprotect(Unprotecting &lifting,
          const std::function<void(const std::string &node, uint64_t generation)> &on_delivered);

} // namespace nemo::orchestrator
