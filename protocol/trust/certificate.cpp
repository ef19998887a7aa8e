#include "protocol/trust/certificate.h"

#include <ctime>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace nemo::trust {

namespace {

using Names = std::unique_ptr<GENERAL_NAMES, Released<GENERAL_NAMES_free>>;

void free_extensions(STACK_OF(X509_EXTENSION) * extensions) {
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}
using Extensions = std::unique_ptr<STACK_OF(X509_EXTENSION), Released<free_extensions>>;

UnixNanos to_time(const ASN1_TIME *time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    forget_openssl_errors();
    return {};
  }
  // Nanoseconds of 64 bits end in 2262; RFC 5280 writes "no end" as the year 9999.
  if (parts.tm_year + 1900 > 2261)
    return UnixNanos::max();
  return UnixNanos(std::chrono::seconds(::timegm(&parts)));
}

std::vector<std::string> uris_in(const GENERAL_NAMES *names) {
  std::vector<std::string> uris;
  for (int i = 0; i < sk_GENERAL_NAME_num(names) && uris.size() < 16; ++i) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI)
      continue;
    const ASN1_IA5STRING *text = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char *>(ASN1_STRING_get0_data(text)),
                      static_cast<size_t>(ASN1_STRING_length(text)));
  }
  return uris;
}

} // namespace

llvm::Expected<Certificate> parse_certificate(llvm::StringRef der) {
  if (der.size() > max_certificate)
    return failure("a certificate of {} bytes is over the limit of {}", der.size(),
                   max_certificate);
  const unsigned char *at = data(der);
  Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate)
    return openssl_failure("what should be a certificate cannot be read");
  if (at != der.bytes_end())
    return failure("there are {} bytes after a certificate", der.bytes_end() - at);
  return certificate;
}

llvm::Expected<std::vector<std::string>> certificates_in(llvm::StringRef pem) {
  if (pem.size() > (1u << 20))
    return failure("a text of certificates is over 1 MiB");
  const Bio in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::vector<std::string> chain;
  for (;;) {
    char *name = nullptr, *header = nullptr;
    unsigned char *bytes = nullptr;
    long size = 0;
    if (PEM_read_bio(in.get(), &name, &header, &bytes, &size) != 1)
      break;
    const bool is_certificate = llvm::StringRef(name) == PEM_STRING_X509;
    std::string der(reinterpret_cast<char *>(bytes), static_cast<size_t>(size));
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(bytes, static_cast<size_t>(size));
    if (!is_certificate)
      continue;
    if (chain.size() == 64)
      return failure("there are more than 64 certificates in one text");
    auto parsed = parse_certificate(der);
    if (!parsed)
      return parsed.takeError();
    chain.push_back(std::move(der));
  }
  forget_openssl_errors(); // of the end
  if (chain.empty())
    return failure("there is no certificate in PEM");
  return chain;
}

std::string to_pem(llvm::ArrayRef<std::string> chain) {
  const Bio out(BIO_new(BIO_s_mem()));
  for (const std::string &der : chain)
    PEM_write_bio(out.get(), PEM_STRING_X509, "", data(llvm::StringRef(der)),
                  static_cast<long>(der.size()));
  char *bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return std::string(bytes, static_cast<size_t>(size));
}

UnixNanos not_before(const X509 *certificate) { return to_time(X509_get0_notBefore(certificate)); }

UnixNanos not_after(const X509 *certificate) { return to_time(X509_get0_notAfter(certificate)); }

std::vector<std::string> uris_of(const X509 *certificate) {
  const Names names(static_cast<GENERAL_NAMES *>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  forget_openssl_errors();
  return uris_in(names.get());
}

llvm::Expected<std::string> make_request(const SigningKey &key, const SpiffeId &id) {
  const Request request(X509_REQ_new());
  Extensions extensions(sk_X509_EXTENSION_new_null());
  X509_EXTENSION *names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("URI:" + id.text()).c_str());
  if (!names || sk_X509_EXTENSION_push(extensions.get(), names) == 0 ||
      X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1 ||
      X509_REQ_add_extensions(request.get(), extensions.get()) != 1 ||
      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) == 0)
    return openssl_failure("a certificate request cannot be made");
  return to_der(i2d_X509_REQ, request.get());
}

llvm::Expected<CertificateRequest> parse_request(llvm::StringRef der) {
  if (der.size() > max_certificate)
    return failure("a certificate request of {} bytes is over the limit of {}", der.size(),
                   max_certificate);
  const unsigned char *at = data(der);
  const Request request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (!request)
    return openssl_failure("what should be a certificate request cannot be read");
  if (at != der.bytes_end())
    return failure("there are {} bytes after a certificate request", der.bytes_end() - at);
  EVP_PKEY *key = X509_REQ_get0_pubkey(request.get());
  if (!is_p256(key)) {
    forget_openssl_errors();
    return failure(
        "the key of a certificate request is not on the curve P-256, with its point uncompressed");
  }
  if (X509_REQ_verify(request.get(), key) != 1) {
    forget_openssl_errors();
    return failure("a certificate request is not signed by the key that it names, so who sent it "
                   "may not have that key");
  }
  const Extensions extensions(X509_REQ_get_extensions(request.get()));
  const Names names(static_cast<GENERAL_NAMES *>(
      X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  forget_openssl_errors();
  const std::vector<std::string> uris = uris_in(names.get());
  if (uris.size() != 1)
    return failure("a certificate request asks for {} URIs; it has to be one", uris.size());
  auto id = parse_id(uris.front());
  if (!id)
    return id.takeError();
  return CertificateRequest{share(key), key_id(key), std::move(*id)};
}

} // namespace nemo::trust
