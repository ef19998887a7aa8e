#include "protocol/trust/revocation.h"

#include "llvm/ADT/StringExtras.h"

#include "base/error.h"
#include "protocol/trust/statement.h"

namespace nemo::trust {

llvm::Expected<Revocations> Revocations::next(llvm::StringRef signed_bytes, const Bundle &bundle,
                                              UnixNanos now) const {
  Expectation expected =
      Expectation::of_fleet(Kind::Signed_Kind_REVOCATIONS, bundle.fleet, mark_, now);
  // An old list still revokes; that it is old is told by due().
  expected.may_be_expired = true;
  auto verified = verify(signed_bytes, expected, {bundle, *this});
  if (!verified)
    return verified.takeError();
  const proto::RevocationList &list = verified->statement.revocations();
  if (list.keys_size() > max_revocations || list.identities_size() > max_revocations)
    return failure("a revocation list of over {} entries", max_revocations);
  Revocations next;
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
