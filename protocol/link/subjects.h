// Which subject of the broker carries what. Names of members are RFC 1123 labels, so that each is
// one token. The broker's permissions are written in these terms too.
#pragma once

#include <string>

#include "llvm/ADT/StringRef.h"

#include "protocol/trust/id.h"

namespace nemo::link {

inline std::string desired(llvm::StringRef node) { return "$KV.desired." + node.str(); }
inline std::string reported(llvm::StringRef node) { return "$KV.reported." + node.str(); }
/// A Signed of kind REPORT, for other nodes; its payload is a NodeSays with `running`.
inline std::string running(llvm::StringRef node) { return "$KV.running." + node.str(); }
inline constexpr llvm::StringLiteral revocations = "$KV.trust.revocations"; ///< a Signed
inline constexpr llvm::StringLiteral bundles = "$KV.trust.bundle";          ///< a SignedBundles
/// Of the bucket of controllers and operators: who leads, a Signed of kind LEASE_GRANT;
inline std::string lead(llvm::StringRef name) { return "$KV.control.lead." + name.str(); }
/// the plan that whoever leads may not carry out unasked, PLAN_ASKED, and what an operator said to
/// it, PLAN_APPROVAL.
inline std::string asked(llvm::StringRef lead) { return "$KV.control.asked." + lead.str(); }
inline std::string approved(llvm::StringRef lead) { return "$KV.control.approved." + lead.str(); }
/// A Signed of kind CORDON.
inline std::string cordon(llvm::StringRef node) { return "$KV.control.cordon." + node.str(); }
/// A Signed of kind DELEGATION, to the controller of that name.
inline std::string delegation(llvm::StringRef controller) {
  return "$KV.control.delegation." + controller.str();
}
inline std::string heartbeat(llvm::StringRef node) { return "hb." + node.str(); }
inline std::string events(llvm::StringRef node) { return "ev." + node.str(); }
inline std::string ask(llvm::StringRef node) { return "ask." + node.str(); }

/// Reads the last message of `subject` in the bucket that `subject` names ("$KV.BUCKET.KEY").
inline std::string direct_get(llvm::StringRef subject) {
  return "$JS.API.DIRECT.GET.KV_" + subject.split('.').second.split('.').first.str() + "." +
         subject.str();
}
inline std::string stream_info(llvm::StringRef bucket) {
  return "$JS.API.STREAM.INFO.KV_" + bucket.str();
}

/// What a member receives answers below, and nobody else may listen to.
inline std::string inbox(const trust::SpiffeId &member) {
  return "_INBOX." + trust::to_text(member.role).str() + "." + member.name;
}

} // namespace nemo::link
