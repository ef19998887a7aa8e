// Private keys: one for what a member signs (certificates, statements), one for what is sealed to
// it.
//
// Signing keys are ECDSA on P-256: every TLS stack takes such certificates (the broker's in Go,
// OpenSSL's, browsers', BoringSSL, which by default refuses Ed25519), TPM 2.0 chips can hold such a
// key, and SPIFFE's other implementations issue them by default. Sealing keys are X25519, which
// signs nothing, so that no key does both.
//
// In files: PKCS #8, PEM, mode 0600. One that others could read, or that belongs to somebody else,
// is refused.
#pragma once

#include <string>

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include "protocol/trust/openssl.h"

namespace nemo::trust {

class SigningKey {
public:
  static llvm::Expected<SigningKey> generate();
  static llvm::Expected<SigningKey> load(const std::string &path);
  /// Creates the file, on the disk when this returns; never replaces one: a new key goes to a new
  /// name, or beside the old one and is renamed over it by its owner.
  llvm::Error save(const std::string &path) const;

  /// SHA-256 of the DER SubjectPublicKeyInfo.
  const std::string &id() const { return id_; }
  /// ECDSA with SHA-256, DER.
  llvm::Expected<std::string> sign(llvm::StringRef bytes) const;
  Secret pem() const; ///< for libraries that take the key as text
  EVP_PKEY *get() const { return key_.get(); }

private:
  explicit SigningKey(Pkey key);
  Pkey key_;
  std::string id_;
};

/// \returns whether `key` is P-256 (as a named curve) and the signature is right.
bool is_signed_by(EVP_PKEY *key, llvm::StringRef bytes, llvm::StringRef signature);

/// As a named curve, with its point uncompressed, so that one key has one id.
bool is_p256(EVP_PKEY *key);
/// Empty, and so the id of no key, where there is none or it cannot be written.
std::string key_id(EVP_PKEY *key);
/// Of the key that it certifies.
std::string certified_key_id(X509 *certificate);

class SealingKey {
public:
  static llvm::Expected<SealingKey> generate();
  static llvm::Expected<SealingKey> from_bytes(llvm::StringRef private_key); ///< 32 of them
  static llvm::Expected<SealingKey> load(const std::string &path);
  llvm::Error save(const std::string &path) const;

  const std::string &public_key() const { return public_key_; } ///< 32 bytes
  const std::string &id() const { return id_; }                 ///< SHA-256 of it
  EVP_PKEY *get() const { return key_.get(); }

private:
  static llvm::Expected<SealingKey> take(Pkey key);
  Pkey key_;
  std::string public_key_;
  std::string id_;
};

} // namespace nemo::trust
