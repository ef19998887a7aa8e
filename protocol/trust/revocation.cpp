#include "protocol/trust/revocation.h"

#include "llvm/ADT/StringExtras.h"

#include "base/error.h"
#include "protocol/trust/statement.h"

namespace nemo::trust {

llvm::Expected<Revocations> Revocations::next(llvm::StringRef signed_bytes, const Bundle &bundle,
                                              UnixNanos now) const {
  Expectation expected = Expectation::of_fleet(Kind::Signed_Kind_REVOCATIONS, bundle.fleet, {},
                                               std::max(now, from_unix_ms(mark_.issued_unix_ms)));
  // An old list still revokes; that it is old is told by due().
  expected.may_be_expired = true;
  // What this list says of the signer counts only below, where both have the same intermediate: a
  // thief would revoke the next one.
  const Revocations none;
  auto verified = verify(signed_bytes, expected, {bundle, none});
  if (!verified)
    return verified.takeError();
  if (verified->signer.issuer_from < issuer_from_)
    return failure("a revocation list under an intermediate that was replaced since");
  if (verified->signer.issuer_from == issuer_from_) {
    if (auto error = check(verified->signer))
      return error;
    if (auto error = may_follow(mark_, verified->mark()))
      return error;
  }
  const proto::RevocationList &list = verified->statement.revocations();
  if (list.keys_size() > max_revocations || list.identities_size() > max_revocations)
    return failure("a revocation list of over {} entries", max_revocations);
  for (const std::string &der : bundle.roots) {
    auto root = parse_certificate(der);
    if (!root)
      return root.takeError();
    const std::string id = key_id(X509_get0_pubkey(root->get()));
    if (llvm::any_of(list.keys(), [&](const auto &key) { return key.key_id() == id; }))
      return failure("a revocation list that names a root of the fleet {}", bundle.fleet);
  }
  Revocations next;
  next.issuer_from_ = verified->signer.issuer_from;
  next.mark_ = verified->mark();
  next.due_ = from_unix_ms(verified->statement.expires_unix_ms());
  next.signed_ = signed_bytes.str();
  for (const proto::RevocationList::Key &key : list.keys())
    next.keys_.emplace(key.key_id(), key.until_unix_ms());
  for (const proto::RevocationList::Identity &identity : list.identities()) {
    int64_t &before = next.identities_[identity.id()];
    before = std::max(before, identity.issued_before_unix_ms());
  }
  return next;
}

llvm::Error Revocations::check(const Svid &svid) const {
  for (const std::string &key : svid.key_ids)
    if (keys_.contains(key))
      return failure("a key of {} was revoked ({})", svid.id.text(),
                     llvm::toHex(llvm::StringRef(key).take_front(8), /*LowerCase=*/true));
  const auto identity = identities_.find(svid.id.text());
  if (identity != identities_.end() && to_unix_ms(svid.not_before) < identity->second)
    return failure("what {} was certified with was revoked", svid.id.text());
  return llvm::Error::success();
}

} // namespace nemo::trust
