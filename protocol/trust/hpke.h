// Sealing to a public key, so that only the holder of the private half can read it: RFC 9180
// (HPKE), base mode, single shot, with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and
// ChaCha20Poly1305. That suite needs no AES instructions to be fast and constant-time on small
// nodes, and the RFC publishes test vectors for it (A.2.1).
//
// Base mode says nothing of who sealed: the statement around it is signed.
#pragma once

#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/trust.pb.h"
#include "protocol/trust/key.h"

namespace nemo::trust {

inline constexpr size_t max_sealed = 15 << 20; ///< bytes of plain text

/// \param info  what the key is used for; \param aad  what is bound to the text but not hidden.
/// Both have to
///              be the same when it is opened.
llvm::Expected<proto::Sealed> seal(llvm::StringRef public_key, llvm::StringRef info,
                                   llvm::StringRef aad, llvm::StringRef plain);

/// The same with an ephemeral key that somebody else has made: never use one twice.
llvm::Expected<proto::Sealed> seal_with(const SealingKey &ephemeral, llvm::StringRef public_key,
                                        llvm::StringRef info, llvm::StringRef aad,
                                        llvm::StringRef plain);

llvm::Expected<Secret> open(const SealingKey &key, llvm::StringRef info, llvm::StringRef aad,
                            const proto::Sealed &sealed);

} // namespace nemo::trust
