// Where reality differs from intent, and why. A plan already is that difference for what runs in
// which revision where; what it leaves alone is looked at for health.
#pragma once

#include <string>
#include <vector>

#include "protocol/plan.pb.h"

namespace nemo::orchestrator {

struct Drift {
  std::string
      kind; ///< missing | extra | changed | other-node | other-name | not-protected | not-healthy
  std::string object;
  std::string node;
  std::string why;
};

std::vector<Drift> drift(const proto::Plan &plan, const proto::Fleet &fleet);

/// One line about how an instance is: "restarting: exited with code 3".
std::string condition(const proto::Running &instance);
/// "running", "backoff", ...
std::string state_name(proto::Running::State state);

} // namespace nemo::orchestrator
