// What is no longer trusted. Lists are signed by the authority and numbered. Under one intermediate
// a list only ever follows one with a lower number, and none follows whose signer the held list has
// revoked. A list under an intermediate that the root made later follows whatever was said under
// those before it: that is how a fleet takes its word back from a thief. When an intermediate was
// made is what the root wrote into its certificate.
#pragma once

#include <map>
#include <string>

#include "llvm/Support/Error.h"

#include "protocol/trust.pb.h"
#include "protocol/trust/guard.h"
#include "protocol/trust/svid.h"

namespace nemo::trust {

inline constexpr int max_revocations = 100'000;

class Revocations {
public:
  /// Nothing has been revoked yet.
  Revocations() = default;

  /// The list that follows this one, out of a Signed of kind REVOCATIONS. None names a root: those
  /// are dropped from the bundle.
  llvm::Expected<Revocations> next(llvm::StringRef signed_bytes, const Bundle &bundle,
                                   UnixNanos now) const;

  /// An error names what is revoked: a key of the path, or the identity as it was certified.
  llvm::Error check(const Svid &svid) const;

  uint64_t number() const { return mark_.generation; }
  UnixNanos due() const {
    return due_;
  } ///< when a newer list is overdue: somebody may be withholding it
  /// The Signed that it came from, for a journal: next() of an empty value reads it again.
  const std::string &signed_bytes() const { return signed_; }

private:
  Mark mark_;
  UnixNanos issuer_from_; ///< when the intermediate begins that it was signed under
  UnixNanos due_;
  std::string signed_;
  std::map<std::string, int64_t> keys_;       ///< until
  std::map<std::string, int64_t> identities_; ///< issued before
};

} // namespace nemo::trust
