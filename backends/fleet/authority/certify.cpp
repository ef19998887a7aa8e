#include "backends/fleet/authority/certify.h"

#include <openssl/x509v3.h>

#include "llvm/ADT/StringExtras.h"

namespace nemo::authority {

namespace {

using namespace trust;

bool is_host(llvm::StringRef text) {
  return !text.empty() && text.size() <= 253 && text.front() != '-' && text.front() != '.' &&
         llvm::all_of(text,
                      [](char c) { return llvm::isAlnum(c) || c == '-' || c == '.' || c == ':'; });
}

bool is_address(const std::string &host) {
  ASN1_OCTET_STRING *address = a2i_IPADDRESS(host.c_str());
  forget_openssl_errors();
  ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

class Draft {
public:
  Draft(EVP_PKEY *key, Validity validity) : certificate_(X509_new()) {
    // 127 random bits: positive, unique, and nobody can foresee what will be signed.
    std::string serial = random_bytes(16);
    serial[0] = static_cast<char>((serial[0] & 0x7f) | 0x40);
    BIGNUM *number = BN_bin2bn(data(llvm::StringRef(serial)), 16, nullptr);
    good_ = X509_set_version(get(), X509_VERSION_3) == 1 && X509_set_pubkey(get(), key) == 1 &&
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(get())) != nullptr &&
            set_time(X509_getm_notBefore(get()), validity.from) &&
            set_time(X509_getm_notAfter(get()), validity.until);
    BN_free(number);
  }

  X509 *get() const { return certificate_.get(); }

  void name(llvm::StringRef unit, llvm::StringRef common) {
    X509_NAME *subject = X509_get_subject_name(get());
    add(subject, NID_organizationName, "nemo");
    add(subject, NID_organizationalUnitName, unit);
    add(subject, NID_commonName, common);
  }

  void extend(int nid, const std::string &value, const X509 *issuer) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, const_cast<X509 *>(issuer), get(), nullptr, nullptr, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    good_ = good_ && extension && X509_add_ext(get(), extension, -1) == 1;
    X509_EXTENSION_free(extension);
  }

  llvm::Expected<std::string> sign(const X509 *issuer, const SigningKey &key) {
    good_ = good_ && X509_set_issuer_name(get(), X509_get_subject_name(issuer)) == 1;
    extend(NID_subject_key_identifier, "hash", issuer);
    extend(NID_authority_key_identifier, "keyid:always", issuer);
    if (!good_ || X509_sign(get(), key.get(), EVP_sha256()) == 0)
      return openssl_failure("a certificate cannot be made");
    return to_der(i2d_X509, get());
  }

private:
  static bool set_time(ASN1_TIME *field, UnixNanos time) {
    return ASN1_TIME_adj(field,
                         std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(),
                         0, 0) != nullptr;
  }

  void add(X509_NAME *subject, int nid, llvm::StringRef value) {
    good_ = good_ && X509_NAME_add_entry_by_NID(subject, nid, MBSTRING_UTF8, data(value),
                                                static_cast<int>(value.size()), -1, 0) == 1;
  }

  Certificate certificate_;
  bool good_ = false;
};

/// A signing certificate that carries the fleet itself as its identity.
void dress_authority(Draft &draft, const SigningKey &key, llvm::StringRef kind,
                     llvm::StringRef fleet, int path_length) {
  // Each key has its own name: verifiers find issuers by name first.
  draft.name(kind, llvm::toHex(llvm::StringRef(key.id()).take_front(8), /*LowerCase=*/true));
  draft.extend(NID_basic_constraints, "critical,CA:TRUE,pathlen:" + std::to_string(path_length),
               nullptr);
  draft.extend(NID_key_usage, "critical,keyCertSign,cRLSign", nullptr);
  draft.extend(NID_subject_alt_name, "URI:spiffe://" + fleet.str(), nullptr);
}

} // namespace

llvm::Expected<Issuer> make_root(llvm::StringRef fleet, Validity validity) {
  if (!is_fleet_name(fleet))
    return failure("{} cannot be a fleet's name: it is not 1 to 255 of a-z, 0-9, '.', '-' and '_'",
                   shown(fleet));
  auto key = SigningKey::generate();
  if (!key)
    return key.takeError();
  Draft draft(key->get(), validity);
  dress_authority(draft, *key, "root", fleet, 1);
  auto certificate = draft.sign(draft.get(), *key);
  if (!certificate)
    return certificate.takeError();
  return Issuer{std::move(*key), std::move(*certificate)};
}

llvm::Expected<Issuer> make_intermediate(const Issuer &root, llvm::StringRef fleet,
                                         Validity validity) {
  auto parent = parse_certificate(root.certificate);
  if (!parent)
    return parent.takeError();
  auto key = SigningKey::generate();
  if (!key)
    return key.takeError();
  validity.until = std::min(validity.until, not_after(parent->get()));
  Draft draft(key->get(), validity);
  dress_authority(draft, *key, "intermediate", fleet, 0);
  auto certificate = draft.sign(parent->get(), root.key);
  if (!certificate)
    return certificate.takeError();
  return Issuer{std::move(*key), std::move(*certificate)};
}

llvm::Expected<std::string> make_svid(const Issuer &issuer, EVP_PKEY *key, const SpiffeId &id,
                                      llvm::ArrayRef<std::string> hosts, Validity validity) {
  auto parent = parse_certificate(issuer.certificate);
  if (!parent)
    return parent.takeError();
  std::string names = "URI:" + id.text();
  if (hosts.size() > 32)
    return failure("{} hosts are too many for one certificate; at most 32 are", hosts.size());
  for (const std::string &host : hosts) {
    const bool address = is_address(host);
    if (!is_host(host) || (!address && host.find(':') != std::string::npos))
      return failure("{} is no name or address of a host", shown(host));
    names += (address ? ",IP:" : ",DNS:") + host;
  }
  validity.until = std::min(validity.until, not_after(parent->get()));
  if (validity.until <= validity.from)
    return failure("the intermediate of the fleet {} has expired: rotate it with the root key",
                   id.fleet);
  Draft draft(key, validity);
  draft.name(to_text(id.role), id.name);
  draft.extend(NID_basic_constraints, "critical,CA:FALSE", nullptr);
  draft.extend(NID_key_usage, "critical,digitalSignature", nullptr);
  draft.extend(NID_ext_key_usage, "serverAuth,clientAuth", nullptr);
  draft.extend(NID_subject_alt_name, names, nullptr);
  return draft.sign(parent->get(), issuer.key);
}

} // namespace nemo::authority
