// A fleet on this machine: made, started, stopped, looked at. What runs is `nemo fleet serve`
// (backends/fleet/service), which outlives the command that starts it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/Support/Error.h"

#include "backends/fleet/broker/version.h"
#include "backends/fleet/service/home.h"
#include "backends/fleet/validity.h"
#include "base/clock.h"
#include "protocol/fleet.pb.h"

namespace nemo::orchestrator {

/// Makes the fleet, starts its service and waits until members can join and the broker has its
/// streams; when that fails nothing is left.
///
/// \param listen  "HOST" or "HOST:PORT" of the broker, as others reach it; the authority listens on
///                the next port. Empty: this machine's own address.
llvm::Expected<service::Home> init_fleet(const std::string &name, const std::string &listen);

/// Waits until it serves. Nothing where it does already; \returns its pid.
llvm::Expected<pid_t> start_fleet(const service::Home &home);

/// Ends the service and the broker, and waits for it. \returns whether it ran.
llvm::Expected<bool> stop_fleet(const service::Home &home);

struct MemberState {
  trust::SpiffeId id;
  UnixNanos expires;                   ///< of the certificate that holds longest
  std::optional<std::string> address;  ///< of its session with the broker; absent: not connected
  std::string since;                   ///< RFC 3339
  std::optional<proto::Cordon> cordon; ///< of a node that takes nothing new
};

/// Whoever claimed the lead of controllers last.
struct LeadState {
  std::string lead, leader; ///< the lead's name and the member's; no leader: it was given back
  uint64_t term = 0;
  UnixNanos renewed; ///< by the leader's clock: one that ended without a word stays here
};

struct FleetState {
  pid_t serving = 0; ///< 0: does not run
  pid_t broker = 0;
  std::string broker_fault; ///< why it does not say who is connected; empty: it did
  std::vector<MemberState> members;
  std::vector<LeadState> leads;
  std::vector<backends::fleet::Validity> validities; ///< by stack and node
  uint64_t audit_lines = 0;
  std::string audit_fault; ///< empty: every line is as it was written
};

llvm::Expected<FleetState> look_at_fleet(const service::Home &home);

} // namespace nemo::orchestrator
