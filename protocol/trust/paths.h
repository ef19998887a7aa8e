// Paths that were found before, whole and from the signing certificates on, which are few. Finding
// one takes some 800 us, its last step alone a third of that, a signature 70: who hears from many
// keeps this beside its roots. An entry holds only for the same certificates, the same roots, and
// while every certificate of the path is valid; revocations are looked at each time.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include "protocol/trust/svid.h"

namespace nemo::trust {

/// Not for several threads at once.
class Paths {
public:
  /// \param most  entries, of about 1 KiB; when they are full, all go.
  explicit Paths(size_t most = 20'000) : most_(most) {}

  /// As verify_svid().
  llvm::Expected<Svid> verify(llvm::ArrayRef<std::string> chain, const Bundle &bundle,
                              UnixNanos at);

  size_t size() const { return known_.size(); }

private:
  std::optional<Svid> from_issuer(llvm::ArrayRef<std::string> chain, UnixNanos at) const;
  void learn(Issuer issuer);
  size_t most_;
  std::string fleet_;
  std::vector<std::string> roots_;                  ///< what the entries were found with
  std::unordered_map<std::string, Svid> known_;     ///< by digest of the chain
  std::unordered_map<std::string, Issuer> issuers_; ///< by digest of the certificate
};

} // namespace nemo::trust
