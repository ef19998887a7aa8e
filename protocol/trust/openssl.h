// OpenSSL's objects with one owner each, and its error queue turned into llvm::Error. Whoever gets
// an error here has emptied the queue: a failed parse must not surface later in somebody's TLS.
#pragma once

#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/error.h"

namespace nemo::trust {

template <auto release> struct Released {
  template <typename T> void operator()(T *object) const { release(object); }
};

using Pkey = std::unique_ptr<EVP_PKEY, Released<EVP_PKEY_free>>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, Released<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Released<EVP_MD_CTX_free>>;
using Bio = std::unique_ptr<BIO, Released<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Released<X509_free>>;
using Request = std::unique_ptr<X509_REQ, Released<X509_REQ_free>>;

/// A reference to what somebody else owns, too.
Pkey share(EVP_PKEY *key);
Certificate share(X509 *certificate);

/// "`what`: OpenSSL's reason", or just `what` where it has none. Empties the queue.
llvm::Error openssl_failure(llvm::StringRef what);

/// For failures that are told in words of our own.
void forget_openssl_errors();

/// What i2d_NAME writes.
template <typename T>
std::string to_der(int (*encode)(const T *, unsigned char **), const T *object) {
  unsigned char *bytes = nullptr;
  const int size = encode(object, &bytes);
  if (size <= 0)
    return {};
  std::string der(reinterpret_cast<const char *>(bytes), static_cast<size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

inline const unsigned char *data(llvm::StringRef bytes) { return bytes.bytes_begin(); }
inline unsigned char *data(std::string &bytes) {
  return reinterpret_cast<unsigned char *>(bytes.data());
}

/// The 32 raw bytes.
std::string sha256_bytes(llvm::StringRef bytes);

/// From the system, for keys and nonces.
std::string random_bytes(size_t count);

/// In a time that does not depend on where they differ.
bool equal_secret(llvm::StringRef one, llvm::StringRef other);

/// Bytes that are overwritten when their owner lets go of them.
class Secret {
public:
  Secret() = default;
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  Secret(Secret &&other) noexcept : bytes_(std::move(other.bytes_)) { other.wipe(); }
  Secret &operator=(Secret &&other) noexcept;
  ~Secret() { wipe(); }
  llvm::StringRef bytes() const { return bytes_; }
  std::string &buffer() { return bytes_; }

private:
  void wipe();
  std::string bytes_;
};

} // namespace nemo::trust
