// Which backend a name means: those of the house, else an executable nemo-backend-NAME on PATH.
#pragma once

#include "backends/backend.h"

namespace nemo::backends {

struct Choice {
  std::string name = "local";
  proto::Fleet fleet;      ///< what the null backend observes
  bool start_agent = true; ///< the local one: start the agent when it does not run
  fleet::Term term;        ///< of a fleet: of a controller that leads while others do not
  /// Of a fleet: how long what is delivered starts anything, unless it is renewed.
  std::chrono::milliseconds lifetime = fleet::person_lifetime;
};

llvm::Expected<Backend> open(const Choice &choice);

/// Every name that open() knows now, sorted.
std::vector<std::string> names();

} // namespace nemo::backends
