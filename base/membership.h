// Where a member of a fleet keeps what makes it one: the agent of a node in FOLDER of its state
// directory, who operates the fleet in OPERATOR_FOLDER of theirs (or in $NEMO_FLEET). Written by
// joining, read by the agent and by the fleet's backend.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace nemo::membership {

inline constexpr llvm::StringLiteral folder = "fleet";
inline constexpr llvm::StringLiteral operator_folder = "fleet-operator";

inline constexpr llvm::StringLiteral key = "key.pem";        ///< PKCS #8, mode 0600
inline constexpr llvm::StringLiteral chain = "chain.pem";    ///< its certificate, then the rest
inline constexpr llvm::StringLiteral bundle = "bundle.json"; ///< SPIFFE bundle
inline constexpr llvm::StringLiteral revocations = "revocations"; ///< a Signed; may be missing
inline constexpr llvm::StringLiteral delegation = "delegation";   ///< a Signed, of a controller
/// {"version": 1, "id": "spiffe://FLEET/ROLE/NAME", "servers": ["tls://HOST:PORT", …]}, and
/// where they are not the defaults: "report_ms", "heartbeat_ms". Written last: without it there
/// is no membership.
inline constexpr llvm::StringLiteral about = "fleet.json";

// Written by the member itself.
inline constexpr llvm::StringLiteral sealing_key = "sealing.pem"; ///< PKCS #8, mode 0600
inline constexpr llvm::StringLiteral memory = "memory.db"; ///< of a node: what it has accepted
inline constexpr llvm::StringLiteral seen = "seen";        ///< of others: marks of reports

} // namespace nemo::membership
