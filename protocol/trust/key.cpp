#include "protocol/trust/key.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>

#include "protocol/trust/key_file.h"

namespace nemo::trust {

bool is_p256(EVP_PKEY *key) {
  if (!key || EVP_PKEY_is_a(key, "EC") != 1)
    return false;
  // A curve that is written out as parameters could be another one that only looks like this.
  int written_out = 0;
  char group[32] = "";
  const bool named = EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
                                            &written_out) != 1 ||
                     written_out == 0;
  const bool right = EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1 &&
                     llvm::StringRef(group) == "prime256v1";
  // A key that was revoked could come back as another encoding of its point.
  char format[32] = "";
  const bool whole = EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                                    format, sizeof format, nullptr) == 1 &&
                     llvm::StringRef(format) == OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED;
  forget_openssl_errors();
  return named && right && whole;
}

std::string key_id(EVP_PKEY *key) {
  const std::string der = to_der(i2d_PUBKEY, key);
  forget_openssl_errors();
  return der.empty() ? std::string() : sha256_bytes(der);
}

std::string certified_key_id(X509 *certificate) {
  // OpenSSL 3.0 takes long to write a key anew. What is written as every P-256 key has to be is as
  // it would be then: these bytes, and a point that is whole.
  constexpr unsigned char begin[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                     0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                     0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
  constexpr size_t point = 64;
  const std::string der = to_der(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate));
  const llvm::StringRef usual(reinterpret_cast<const char *>(begin), sizeof begin);
  if (der.size() == usual.size() + point && llvm::StringRef(der).startswith(usual))
    return sha256_bytes(der);
  return key_id(X509_get0_pubkey(certificate));
}

bool is_signed_by(EVP_PKEY *key, llvm::StringRef bytes, llvm::StringRef signature) {
  if (!is_p256(key))
    return false;
  const DigestContext context(EVP_MD_CTX_new());
  const bool right =
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), data(signature), signature.size(), data(bytes),
                       bytes.size()) == 1;
  forget_openssl_errors();
  return right;
}

SigningKey::SigningKey(Pkey key) : key_(std::move(key)), id_(key_id(key_.get())) {}

llvm::Expected<SigningKey> SigningKey::generate() {
  Pkey key(EVP_EC_gen("P-256"));
  if (!key)
    return openssl_failure("a P-256 key cannot be made");
  return SigningKey(std::move(key));
}

llvm::Expected<SigningKey> SigningKey::load(const std::string &path) {
  auto key = read_key(path);
  if (!key)
    return key.takeError();
  if (!is_p256(key->get()))
    return failure("{} holds a key that is not on the curve P-256", path);
  return SigningKey(std::move(*key));
}

llvm::Error SigningKey::save(const std::string &path) const {
  return write_secret(path, pem().bytes());
}

Secret SigningKey::pem() const { return to_pem(key_.get()); }

llvm::Expected<std::string> SigningKey::sign(llvm::StringRef bytes) const {
  const DigestContext context(EVP_MD_CTX_new());
  size_t size = 0;
  std::string signature;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, data(bytes), bytes.size()) != 1)
    return openssl_failure("signing failed");
  signature.resize(size);
  if (EVP_DigestSign(context.get(), data(signature), &size, data(bytes), bytes.size()) != 1)
    return openssl_failure("signing failed");
  signature.resize(size);
  return signature;
}

llvm::Expected<SealingKey> SealingKey::take(Pkey key) {
  SealingKey one;
  size_t size = 32;
  one.public_key_.resize(size);
  if (EVP_PKEY_get_raw_public_key(key.get(), data(one.public_key_), &size) != 1 || size != 32)
    return openssl_failure("an X25519 key without its public half");
  one.id_ = sha256_bytes(one.public_key_);
  one.key_ = std::move(key);
  return one;
}

llvm::Expected<SealingKey> SealingKey::generate() {
  Pkey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
  if (!key)
    return openssl_failure("an X25519 key cannot be made");
  return take(std::move(key));
}

llvm::Expected<SealingKey> SealingKey::from_bytes(llvm::StringRef private_key) {
  Pkey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, data(private_key),
                                        private_key.size()));
  if (!key)
    return openssl_failure("these bytes are no X25519 key");
  return take(std::move(key));
}

llvm::Expected<SealingKey> SealingKey::load(const std::string &path) {
  auto key = read_key(path);
  if (!key)
    return key.takeError();
  if (EVP_PKEY_is_a(key->get(), "X25519") != 1)
    return failure("{} holds a key that is not X25519", path);
  return take(std::move(*key));
}

llvm::Error SealingKey::save(const std::string &path) const {
  return write_secret(path, to_pem(key_.get()).bytes());
}

} // namespace nemo::trust
