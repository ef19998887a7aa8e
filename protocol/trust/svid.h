// X.509-SVIDs: certificates that say who somebody is, checked as the X.509-SVID specification and
// RFC 5280 want it, against the roots that are pinned for the fleet which the identity belongs to,
// and no others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include "base/clock.h"
#include "protocol/trust/certificate.h"
#include "protocol/trust/id.h"

namespace nemo::trust {

inline constexpr size_t max_chain =
    4; ///< certificates that may be sent along, the member's own included

/// The roots of one fleet.
struct Bundle {
  std::string fleet;
  std::vector<std::string> roots; ///< DER
  uint64_t sequence = 0;          ///< grows with every change
  uint32_t refresh_s = 0;         ///< how often to look for a newer one; 0: not said
  int64_t issued_unix_ms = 0;     ///< of the statement that it came in; 0: it came otherwise
};

struct Svid {
  SpiffeId id;
  Pkey key;
  std::vector<std::string> key_ids; ///< of the path: the member's own first, the root's last
  UnixNanos not_before;
  UnixNanos not_after;
  UnixNanos issuer_from; ///< when the certificate begins that signed the member's
  UnixNanos path_from;   ///< the path holds from here, when its last certificate begins,
  UnixNanos path_until;  ///< to here, when the first of them ends
};

/// A signing certificate that was found to lead to a root.
struct Issuer {
  Certificate certificate;          ///< null: none was
  std::vector<std::string> key_ids; ///< its own first, the root's last
  UnixNanos from;                   ///< it does from here
  UnixNanos until;                  ///< to here
};

/// Verifies at the time `at`.
///
/// \param chain  DER; the member's certificate first, then what leads to a root of `bundle`, in any
/// order. \param issuer  gets what signed the member's certificate, unless a root did.
/// \returns an error that says which rule is broken: the path (signatures, times, CA flags, path
///          lengths, strict encoding), the leaf (no CA; exactly one URI, a SPIFFE ID of the
///          bundle's fleet; critical key usage with digitalSignature and neither keyCertSign nor
///          cRLSign; serverAuth and clientAuth where usage is extended), or a CA in the path that
///          carries an identity of another fleet.
llvm::Expected<Svid> verify_svid(llvm::ArrayRef<std::string> chain, const Bundle &bundle,
                                 UnixNanos at, Issuer *issuer = nullptr);

/// The same for a certificate that `issuer` itself has signed, at a time when that leads to a root:
/// a third of the work.
llvm::Expected<Svid> verify_svid(llvm::StringRef leaf, const Issuer &issuer,
                                 const std::string &fleet, UnixNanos at);

/// The same for what a TLS stack has parsed.
llvm::Expected<Svid> verify_svid(X509 *leaf, STACK_OF(X509) * others, const Bundle &bundle,
                                 UnixNanos at);

} // namespace nemo::trust
