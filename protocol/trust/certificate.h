// X.509 certificates and requests as bytes: parsed with bounds, written as PEM, and the few fields
// that trust rests on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "base/clock.h"
#include "protocol/trust/id.h"
#include "protocol/trust/key.h"
#include "protocol/trust/openssl.h"

namespace nemo::trust {

inline constexpr size_t max_certificate = 16 << 10; ///< bytes of DER; also of a request

llvm::Expected<Certificate> parse_certificate(llvm::StringRef der);

/// Every certificate of a PEM text of at most 1 MiB, as DER; at least one, at most 64.
llvm::Expected<std::vector<std::string>> certificates_in(llvm::StringRef pem);
std::string to_pem(llvm::ArrayRef<std::string> chain);

UnixNanos not_before(const X509 *certificate);
UnixNanos not_after(const X509 *certificate);

/// Of the subject's alternative names, those that are URIs, as they stand. More than 16 are cut.
std::vector<std::string> uris_of(const X509 *certificate);

/// What a member asks to be certified: the key, which signed the request, and the identity it asks
/// for.
struct CertificateRequest {
  Pkey key;
  std::string key_id;
  SpiffeId id;
};

/// PKCS #10 (RFC 2986) in DER, signed by the key itself.
llvm::Expected<std::string> make_request(const SigningKey &key, const SpiffeId &id);

/// Refuses a key that is not P-256, a signature that does not prove its possession, and anything
/// but one URI, a SPIFFE ID, among the names.
llvm::Expected<CertificateRequest> parse_request(llvm::StringRef der);

} // namespace nemo::trust
