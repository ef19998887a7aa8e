// A fleet's roots as a SPIFFE bundle: a JWK Set (SPIFFE Trust Domain and Bundle, section 4;
// X.509-SVID, section 6), which other fleets and other implementations read. The document does not
// say whose it is: who fetches it has to know.
#pragma once

#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/trust/statement.h"
#include "protocol/trust/svid.h"

namespace nemo::trust {

inline constexpr size_t max_document = 1 << 20; ///< bytes
inline constexpr size_t max_roots = 32;

/// \returns an error for a root that is not on P-256, as those of another implementation may be.
llvm::Expected<std::string> to_document(const Bundle &bundle);

/// Entries of other uses and key types are ignored, as the specification asks; an error where no
/// X.509 root is left, or one is no signing certificate or carries another fleet.
llvm::Expected<Bundle> read_document(llvm::StringRef json, llvm::StringRef fleet);

/// `next`, where it may follow `held`: the same fleet, and a higher sequence, or the same with the
/// same roots. Documents need not have a sequence: without one, those of statements follow each
/// other as they were issued.
llvm::Expected<Bundle> newer(const Bundle &held, Bundle next);

/// What the own authority says a fleet's roots are from now on, in a Signed of kind BUNDLE, where
/// it may follow `held`. Of the own fleet it has to be signed directly under one of `own`'s roots:
/// an intermediate is online and may be stolen, and must not outlast itself. That holds for good,
/// also after it has expired and whatever was revoked; another fleet's roots have to be vouched for
/// anew, and may all be withdrawn.
llvm::Expected<Bundle> next_bundle(const Bundle &held, llvm::StringRef signed_bytes,
                                   const Trust &own, UnixNanos now);

inline constexpr size_t max_bundles = 64; ///< statements that are looked at

/// The own fleet's bundle after every one of `statements` that may follow, in their order; those
/// that may not are passed over, as they are for members that hold other roots.
Bundle follow_bundles(Bundle held, llvm::ArrayRef<std::string> statements, UnixNanos now);

} // namespace nemo::trust
