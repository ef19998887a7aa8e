// What is no longer trusted. Lists are signed by the authority and numbered; a value of this class
// only ever follows one with a lower number, and none follows whose signer the held list has
// revoked.
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

  /// The list that follows this one, out of a Signed of kind REVOCATIONS.
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
  UnixNanos due_;
  std::string signed_;
  std::map<std::string, int64_t> keys_;       ///< until
  std::map<std::string, int64_t> identities_; ///< issued before
};

} // namespace nemo::trust
