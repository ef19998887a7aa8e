// The machine that holds a fleet: where its authority, its broker and its first operator live.
//
//   fleet.json   {"version": 1, "fleet": NAME, "broker": "host:port", "authority": "host:port"}
//   authority/   broker/   operator/   root.key (to be moved away)   serve.log   serve.pid
#pragma once

#include <string>

#include "llvm/Support/Error.h"

#include "protocol/membership/address.h"
#include "protocol/trust/id.h"

namespace nemo::service {

struct Home {
  std::string directory;
  std::string fleet;
  membership::Address broker;    ///< where members connect
  membership::Address authority; ///< where machines join and renew

  std::string authority_directory() const { return directory + "/authority"; }
  std::string broker_directory() const { return directory + "/broker"; }
  std::string operator_directory() const { return directory + "/operator"; }
  std::string root_key() const { return directory + "/root.key"; }
  std::string log() const { return directory + "/serve.log"; }
  std::string pid_file() const { return directory + "/serve.pid"; }
  trust::SpiffeId broker_id() const { return {fleet, trust::Role::broker, "main"}; }
  trust::SpiffeId operator_id() const { return {fleet, trust::Role::operator_, "admin"}; }

  /// Below the agent's state.
  static llvm::Expected<std::string> place();
  /// N0844 where this machine holds none.
  static llvm::Expected<Home> load();
  llvm::Error save() const;
};

/// Where a member of this role keeps its identity on this machine.
llvm::Expected<std::string> member_place(trust::Role role);

/// "user@host", for the audit log.
std::string who();

/// The address that others reach this machine at: of the way to the rest of the network; that of
/// the machine itself where there is none.
std::string own_address();

} // namespace nemo::service
