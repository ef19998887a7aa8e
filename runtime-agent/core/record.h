// What the agent knows about one instance and must still know after a crash. What can be measured
// again (pidfd, usage) is kept elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "runtime-agent/core/decide.h"
#include "runtime-agent/core/move.h"

namespace nemo::agent {

struct PortUse {
  std::string name;
  uint16_t number = 0;
  bool operator==(const PortUse &) const = default;
};

struct Record {
  Key key;
  proto::Instance
      instance; ///< as last desired: says how to stop it also when no part names it any more
  Phase phase = Phase::waiting;
  pid_t pid = 0; ///< of the supervisor, with start_time and boot its identity
  uint64_t start_time = 0;
  std::string boot;
  std::string address; ///< of its own network; empty: the host's
  std::vector<PortUse> ports;
  uint32_t restarts = 0;
  uint32_t streak = 0; ///< failures in a row
  std::optional<int> exit_code;
  std::string reason;
  int64_t started_unix_ms = 0;
  Ticks started = 0;
  std::optional<Ticks> until;
  bool admitted = false;
  bool killed = false;
  bool healthy = false;
  std::optional<Move> move; ///< leaving, given, arriving; live: taken, and not known to run yet
};

/// What stays with a replica across its revisions.
struct Identity {
  std::string uid;
  uint32_t slot = 0; ///< which unprivileged host user it becomes, as root
};

struct StoredPart {
  proto::Part part;
  uint64_t generation = 0;
  std::string holder;
};

} // namespace nemo::agent
