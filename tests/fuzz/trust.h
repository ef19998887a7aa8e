// What fuzz-trust reads and its seeds are written in: the first byte says which door the rest comes
// through.
#pragma once

#include <cstdint>

namespace nemo::fuzz {

enum class Door : uint8_t {
  envelope, ///< a Signed
  payload,  ///< a byte for the signer, one for the kind; a Statement, signed as that member signs
  edited,   ///< triples of offset (2 bytes) and xor on a Signed that was good
  request,  ///< PKCS #10
  certificate, ///< DER
  pem,
  token,
  document, ///< SPIFFE bundle
  guard,
  join,   ///< JoinRequest
  joined, ///< JoinResponse
  count,
};

} // namespace nemo::fuzz
