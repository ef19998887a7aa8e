#include "protocol/trust/openssl.h"

#include <cstdlib>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include "llvm/Support/ErrorHandling.h"

namespace nemo::trust {

Pkey share(EVP_PKEY *key) {
  if (key)
    EVP_PKEY_up_ref(key);
  return Pkey(key);
}

Certificate share(X509 *certificate) {
  if (certificate)
    X509_up_ref(certificate);
  return Certificate(certificate);
}

llvm::Error openssl_failure(llvm::StringRef what) {
  const char *reason = nullptr;
  // The first entry is the innermost fault; the later ones say who passed it on.
  if (const unsigned long code = ERR_get_error())
    reason = ERR_reason_error_string(code);
  ERR_clear_error();
  if (!reason)
    return failure("{}", what.str());
  return failure("{}: {}", what.str(), reason);
}

void forget_openssl_errors() { ERR_clear_error(); }

std::string sha256_bytes(llvm::StringRef bytes) {
  std::string digest(32, '\0');
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), data(digest), &size, EVP_sha256(), nullptr) != 1)
    llvm::report_fatal_error("OpenSSL has no SHA-256");
  return digest;
}

std::string random_bytes(size_t count) {
  std::string bytes(count, '\0');
  // Nothing safe can be done without randomness, and no caller could go on.
  if (RAND_bytes(data(bytes), static_cast<int>(count)) != 1)
    llvm::report_fatal_error("the system gives no random bytes");
  return bytes;
}

bool equal_secret(llvm::StringRef one, llvm::StringRef other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

Secret &Secret::operator=(Secret &&other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.wipe();
  }
  return *this;
}

void Secret::wipe() {
  OPENSSL_cleanse(bytes_.data(), bytes_.capacity());
  bytes_.clear();
}

} // namespace nemo::trust
