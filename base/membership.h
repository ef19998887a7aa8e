// Where a member of a fleet keeps what makes it one: below the state directory of its user, in a
// folder by its role. Written by joining, read by the agent and by the fleet's backend.
#pragma once

#include <string>

#include "llvm/ADT/StringRef.h"

namespace nemo::membership {

/// \param state  the state directory. \param role  "node", "operator", "controller", "viewer".
inline std::string place(llvm::StringRef state, llvm::StringRef role) {
  return (state + "/fleet/" + role).str();
}

/// {"version": 1, "id": "spiffe://FLEET/ROLE/NAME", "authority": "HOST:PORT", "brokers":
/// ["HOST:PORT", …]}, and of nodes, where they are said: "site", "class", "address",
/// "peer_listen", "report_ms", "heartbeat_ms", "renew_s". Written last: without it there is no
/// membership.
inline constexpr llvm::StringLiteral about = "member.json";
inline constexpr llvm::StringLiteral key = "signing.key";         ///< PKCS #8, mode 0600
inline constexpr llvm::StringLiteral sealing_key = "sealing.key"; ///< of nodes
inline constexpr llvm::StringLiteral chain = "chain.pem"; ///< its certificate, then the rest
inline constexpr llvm::StringLiteral roots = "roots.pem";
inline constexpr llvm::StringLiteral bundle = "bundle.json";      ///< the roots as a SPIFFE bundle
inline constexpr llvm::StringLiteral revocations = "revocations"; ///< a Signed; may be empty
inline constexpr llvm::StringLiteral delegation = "delegation";   ///< a Signed, of a controller

// Written by the member itself.
inline constexpr llvm::StringLiteral memory = "memory.db"; ///< of a node: what it has accepted
inline constexpr llvm::StringLiteral seen = "seen";        ///< of others: marks of reports
inline constexpr llvm::StringLiteral peers = "peers";      ///< of a node: "NODE ADDRESS:PORT" lines

} // namespace nemo::membership
