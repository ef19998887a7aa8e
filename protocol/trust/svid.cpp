#include "protocol/trust/svid.h"

#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace nemo::trust {

namespace {

using Store = std::unique_ptr<X509_STORE, Released<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Released<X509_STORE_CTX_free>>;

void free_stack(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }
using Stack = std::unique_ptr<STACK_OF(X509), Released<free_stack>>;

llvm::Expected<SpiffeId> check_leaf(X509 *leaf, const std::string &fleet) {
  if ((X509_get_extension_flags(leaf) & EXFLAG_INVALID) != 0)
    return openssl_failure("a certificate has an extension that cannot be read");
  if ((X509_get_extension_flags(leaf) & EXFLAG_CA) != 0)
    return failure("the certificate is a signing certificate, which identifies nobody");
  const int usage_at = X509_get_ext_by_NID(leaf, NID_key_usage, -1);
  if (usage_at < 0 || X509_EXTENSION_get_critical(X509_get_ext(leaf, usage_at)) == 0)
    return failure("the certificate has no critical key usage");
  const uint32_t usage = X509_get_key_usage(leaf);
  if ((usage & KU_DIGITAL_SIGNATURE) == 0)
    return failure("the certificate's key usage lacks digitalSignature");
  if ((usage & (KU_KEY_CERT_SIGN | KU_CRL_SIGN)) != 0)
    return failure("the certificate's key usage has keyCertSign or cRLSign, which only signing "
                   "certificates may have");
  constexpr uint32_t both = XKU_SSL_SERVER | XKU_SSL_CLIENT;
  if ((X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) != 0 &&
      (X509_get_extended_key_usage(leaf) & both) != both)
    return failure("the certificate's extended key usage lacks serverAuth or clientAuth");
  const std::vector<std::string> uris = uris_of(leaf);
  if (uris.size() != 1)
    return failure("the certificate has {} URIs among its names; a SPIFFE certificate has exactly "
                   "one",
                   uris.size());
  auto id = parse_id(uris.front());
  if (id && id->fleet != fleet)
    return failure("{} is not of the fleet {}", id->text(), fleet);
  return id;
}

llvm::Error check_authority(X509 *authority, const std::string &fleet) {
  const std::vector<std::string> uris = uris_of(authority);
  if (uris.empty() || (uris.size() == 1 && uris.front() == "spiffe://" + fleet))
    return llvm::Error::success();
  return failure("a signing certificate in the path carries {}, not spiffe://{}",
                 shown(uris.front()), fleet);
}

/// \param ends  certificates that a path ends at. \param extra  flags beside the usual ones.
/// \param above  gets what the path is above the leaf.
llvm::Expected<Svid> follow(X509 *leaf, STACK_OF(X509) * others, X509_STORE *ends,
                            unsigned long extra, const std::string &fleet, UnixNanos at,
                            Issuer &above) {
  auto id = check_leaf(leaf, fleet);
  if (!id)
    return id.takeError();
  X509_VERIFY_PARAM *rules = X509_STORE_get0_param(ends);
  X509_VERIFY_PARAM_set_flags(rules,
                              X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE | extra);
  X509_VERIFY_PARAM_set_auth_level(rules, 2); // 112 bits
  X509_VERIFY_PARAM_set_depth(rules, static_cast<int>(max_chain));
  X509_VERIFY_PARAM_set_time(
      rules, std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  const StoreContext context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), ends, leaf, others) != 1)
    return openssl_failure("a certificate cannot be checked");
  if (X509_verify_cert(context.get()) != 1) {
    const int error = X509_STORE_CTX_get_error(context.get());
    const int depth = X509_STORE_CTX_get_error_depth(context.get());
    forget_openssl_errors();
    return failure("the certificate of {} does not lead to a root of the fleet {}: {} (certificate "
                   "{} of the path)",
                   id->text(), fleet, X509_verify_cert_error_string(error), depth);
  }
  Svid svid{std::move(*id),           share(X509_get0_pubkey(leaf)),
            {certified_key_id(leaf)}, not_before(leaf),
            not_after(leaf),          {},
            not_before(leaf),         not_after(leaf)};
  above = {nullptr, {}, UnixNanos::min(), UnixNanos::max()};
  const STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(context.get());
  for (int i = 1; i < sk_X509_num(path); ++i) {
    X509 *certificate = sk_X509_value(path, i);
    if (auto error = check_authority(certificate, fleet))
      return error;
    above.key_ids.push_back(certified_key_id(certificate));
    above.from = std::max(above.from, not_before(certificate));
    above.until = std::min(above.until, not_after(certificate));
    if (i > 1)
      continue;
    above.certificate = share(certificate);
    svid.issuer_from = not_before(certificate);
  }
  return svid;
}

Svid join(Svid svid, const Issuer &above) {
  svid.key_ids.insert(svid.key_ids.end(), above.key_ids.begin(), above.key_ids.end());
  svid.path_from = std::max(svid.path_from, above.from);
  svid.path_until = std::min(svid.path_until, above.until);
  return svid;
}

/// Under the bundle's roots.
llvm::Expected<Svid> follow(X509 *leaf, STACK_OF(X509) * others, const Bundle &bundle, UnixNanos at,
                            Issuer &above) {
  if (sk_X509_num(others) > static_cast<int>(max_chain))
    return failure("{} certificates came along; at most {} are looked at", sk_X509_num(others),
                   max_chain);
  const Store roots(X509_STORE_new());
  for (const std::string &der : bundle.roots) {
    auto root = parse_certificate(der);
    if (!root)
      return root.takeError();
    X509_STORE_add_cert(roots.get(), root->get());
  }
  auto svid = follow(leaf, others, roots.get(), 0, bundle.fleet, at, above);
  if (!svid)
    return svid;
  return join(std::move(*svid), above);
}

} // namespace

llvm::Expected<Svid> verify_svid(X509 *leaf, STACK_OF(X509) * others, const Bundle &bundle,
                                 UnixNanos at) {
  Issuer above;
  return follow(leaf, others, bundle, at, above);
}

llvm::Expected<Svid> verify_svid(llvm::StringRef leaf, const Issuer &issuer,
                                 const std::string &fleet, UnixNanos at) {
  auto certificate = parse_certificate(leaf);
  if (!certificate)
    return certificate.takeError();
  if (at < issuer.from || at >= issuer.until)
    return failure("what signed the certificate does not lead to a root at that time");
  const Store ends(X509_STORE_new());
  X509_STORE_add_cert(ends.get(), issuer.certificate.get());
  Issuer above;
  auto svid =
      follow(certificate->get(), nullptr, ends.get(), X509_V_FLAG_PARTIAL_CHAIN, fleet, at, above);
  if (!svid)
    return svid;
  return join(std::move(*svid), issuer);
}

llvm::Expected<Svid> verify_svid(llvm::ArrayRef<std::string> chain, const Bundle &bundle,
                                 UnixNanos at, Issuer *issuer) {
  if (chain.empty() || chain.size() > max_chain)
    return failure("a chain of {} certificates; it has to be 1 to {}", chain.size(), max_chain);
  auto leaf = parse_certificate(chain.front());
  if (!leaf)
    return leaf.takeError();
  const Stack others(sk_X509_new_null());
  for (const std::string &der : chain.drop_front()) {
    auto other = parse_certificate(der);
    if (!other)
      return other.takeError();
    sk_X509_push(others.get(), other->release());
  }
  Issuer above;
  auto svid = follow(leaf->get(), others.get(), bundle, at, above);
  if (svid && issuer && above.key_ids.size() > 1)
    *issuer = std::move(above);
  return svid;
}

} // namespace nemo::trust
