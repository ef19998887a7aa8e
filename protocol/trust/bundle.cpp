#include "protocol/trust/bundle.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/x509v3.h>

#include "llvm/Support/JSON.h"

#include "base/error.h"
#include "base/json.h"
#include "protocol/trust/base64.h"

namespace nemo::trust {

namespace {

constexpr llvm::StringLiteral use = "x509-svid";
constexpr int deepest = 16; ///< brackets of a document

llvm::Expected<std::string> coordinate(EVP_PKEY *key, const char *name) {
  BIGNUM *number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
    return openssl_failure("a root's key cannot be written");
  std::string bytes(32, '\0');
  BN_bn2binpad(number, data(bytes), 32);
  BN_free(number);
  return to_base64url(bytes);
}

/// The certificate of one entry; nullopt for entries to ignore.
std::optional<llvm::StringRef> certificate_of(const llvm::json::Value &entry) {
  const llvm::json::Object *key = entry.getAsObject();
  if (!key || key->getString("use") != llvm::StringRef(use))
    return std::nullopt;
  const auto type = key->getString("kty");
  const llvm::json::Array *chain = key->getArray("x5c");
  if ((type != llvm::StringRef("EC") && type != llvm::StringRef("RSA")) || !chain || chain->empty())
    return std::nullopt;
  const auto text = chain->front().getAsString();
  return text ? std::optional<llvm::StringRef>(*text) : std::nullopt;
}

llvm::Error check_root(llvm::StringRef der, llvm::StringRef fleet) {
  auto root = parse_certificate(der);
  if (!root)
    return root.takeError();
  if (X509_check_ca(root->get()) != 1)
    return failure("a root of the fleet {} is no signing certificate", fleet.str());
  const std::vector<std::string> uris = uris_of(root->get());
  if (!uris.empty() && (uris.size() != 1 || uris.front() != "spiffe://" + fleet.str()))
    return failure("a root of the fleet {} carries {}", fleet.str(), shown(uris.front()));
  return llvm::Error::success();
}

} // namespace

llvm::Expected<std::string> to_document(const Bundle &bundle) {
  llvm::json::Array keys;
  for (const std::string &der : bundle.roots) {
    auto root = parse_certificate(der);
    if (!root)
      return root.takeError();
    EVP_PKEY *key = X509_get0_pubkey(root->get());
    if (!is_p256(key))
      return failure("a root of the fleet {} has a key that is not on the curve P-256",
                     bundle.fleet);
    auto x = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X);
    if (!x)
      return x.takeError();
    auto y = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y);
    if (!y)
      return y.takeError();
    keys.push_back(llvm::json::Object{{"use", use},
                                      {"kty", "EC"},
                                      {"crv", "P-256"},
                                      {"x", *x},
                                      {"y", *y},
                                      {"x5c", llvm::json::Array{to_base64(der)}}});
  }
  llvm::json::Object document{{"keys", std::move(keys)}, {"spiffe_sequence", bundle.sequence}};
  if (bundle.refresh_s != 0)
    document["spiffe_refresh_hint"] = bundle.refresh_s;
  std::string text;
  llvm::raw_string_ostream(text) << llvm::formatv("{0:2}", llvm::json::Value(std::move(document)));
  return text + "\n";
}

namespace {

/// As read_document(), and with no root where all were withdrawn.
llvm::Expected<Bundle> parse_document(llvm::StringRef json, llvm::StringRef fleet) {
  if (!is_fleet_name(fleet))
    return failure("{} cannot be a fleet's name", shown(fleet));
  if (json.size() > max_document || nests_deeper(json, deepest))
    return failure("a SPIFFE bundle that is over {} KiB or too deep", max_document >> 10);
  auto document = llvm::json::parse(json);
  if (!document)
    return failure("a SPIFFE bundle is no JSON: {}", llvm::toString(document.takeError()));
  const llvm::json::Object *object = document->getAsObject();
  const llvm::json::Array *keys = object ? object->getArray("keys") : nullptr;
  if (!keys)
    return failure("a SPIFFE bundle has no array of keys");
  Bundle bundle;
  bundle.fleet = fleet.str();
  if (const llvm::json::Value *sequence = object->get("spiffe_sequence")) {
    const auto number = sequence->getAsUINT64();
    if (!number)
      return failure("the sequence of a SPIFFE bundle is no number of 64 bits");
    bundle.sequence = *number;
  }
  if (const auto hint = object->getInteger("spiffe_refresh_hint"))
    bundle.refresh_s = static_cast<uint32_t>(std::clamp<int64_t>(*hint, 0, UINT32_MAX));
  for (const llvm::json::Value &entry : *keys) {
    const auto text = certificate_of(entry);
    if (!text)
      continue;
    auto der = from_base64(*text);
    if (!der)
      return failure("a certificate in a SPIFFE bundle is not in base64");
    if (auto error = check_root(*der, fleet))
      return error;
    if (bundle.roots.size() == max_roots)
      return failure("a SPIFFE bundle of over {} roots", max_roots);
    bundle.roots.push_back(std::move(*der));
  }
  return bundle;
}

llvm::Error check_some(const Bundle &bundle) {
  return bundle.roots.empty() ? failure("a SPIFFE bundle has no root for X.509 certificates")
                              : llvm::Error::success();
}

} // namespace

llvm::Expected<Bundle> read_document(llvm::StringRef json, llvm::StringRef fleet) {
  auto bundle = parse_document(json, fleet);
  if (bundle)
    if (auto error = check_some(*bundle))
      return error;
  return bundle;
}

llvm::Expected<Bundle> newer(const Bundle &held, Bundle next) {
  if (held.fleet != next.fleet)
    return failure("a bundle of the fleet {}, not of {}", next.fleet, held.fleet);
  if (next.sequence < held.sequence)
    return failure("the bundle of the fleet {} has the sequence {}, and {} was accepted before",
                   held.fleet, next.sequence, held.sequence);
  if (next.sequence == held.sequence && next.roots != held.roots)
    return failure("the bundle of the fleet {} has other roots than before under the sequence {}",
                   held.fleet, held.sequence);
  return next;
}

llvm::Expected<Bundle> next_bundle(const Bundle &held, llvm::StringRef signed_bytes,
                                   const Trust &own, UnixNanos now) {
  Expectation expected = Expectation::of_fleet(Kind::Signed_Kind_BUNDLE, own.bundle.fleet, {}, now);
  expected.may_be_expired = true;
  // No list stands above a root: who signed it is looked at below.
  const Revocations none;
  auto verified = verify(signed_bytes, expected, {own.bundle, none, own.paths});
  if (!verified)
    return verified.takeError();
  const proto::FleetBundle &body = verified->statement.bundle();
  if (body.fleet() == own.bundle.fleet) {
    if (verified->signer.key_ids.size() != 2)
      return failure("the roots of the fleet {} are not for an intermediate to say: only a root "
                     "vouches for another",
                     own.bundle.fleet);
  } else if (verified->expired) {
    return failure("the bundle of the fleet {} expired at {}", shown(body.fleet()),
                   to_rfc3339(from_unix_ms(verified->statement.expires_unix_ms())));
  } else if (verified->statement.issued_unix_ms() < held.issued_unix_ms - max_skew.count()) {
    return failure("the bundle of the fleet {} was issued before what was accepted last",
                   shown(body.fleet()));
  } else if (auto error = own.revocations.check(verified->signer)) {
    return error;
  }
  auto next = parse_document(body.document(), body.fleet());
  if (!next)
    return next;
  if (body.fleet() == own.bundle.fleet)
    if (auto error = check_some(*next))
      return error;
  next->issued_unix_ms = verified->statement.issued_unix_ms();
  if (held.fleet == next->fleet && held.sequence == 0 && next->sequence == 0 &&
      held.issued_unix_ms < next->issued_unix_ms)
    return next;
  return newer(held, std::move(*next));
}

Bundle follow_bundles(Bundle held, llvm::ArrayRef<std::string> statements, UnixNanos now) {
  const Revocations none; // next_bundle() asks no list about the own fleet's roots
  for (const std::string &statement : statements.take_front(max_bundles)) {
    auto next = next_bundle(held, statement, {held, none}, now);
    if (next)
      held = std::move(*next);
    else
      llvm::consumeError(next.takeError());
  }
  return held;
}

} // namespace nemo::trust
