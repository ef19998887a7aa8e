// Certificates as this authority makes them: a root that signs intermediates, an intermediate that
// signs members, each with what the X.509-SVID specification asks of it and no more. Functions of
// keys and names; who may have what is decided in authority.h.
#pragma once

#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include "base/clock.h"
#include "protocol/trust/certificate.h"

namespace nemo::authority {

struct Validity {
  UnixNanos from;
  UnixNanos until;
};

/// A key that signs certificates, and its own.
struct Issuer {
  trust::SigningKey key;
  std::string certificate; ///< DER
};

/// Self-signed, for one level of intermediates.
llvm::Expected<Issuer> make_root(llvm::StringRef fleet, Validity validity);
llvm::Expected<Issuer> make_intermediate(const Issuer &root, llvm::StringRef fleet,
                                         Validity validity);

/// \param hosts  DNS names and addresses that TLS clients of the member look for.
/// \returns the certificate, DER; it ends when that of the issuer does, at the latest.
llvm::Expected<std::string> make_svid(const Issuer &issuer, EVP_PKEY *key,
                                      const trust::SpiffeId &id, llvm::ArrayRef<std::string> hosts,
                                      Validity validity);

} // namespace nemo::authority
