#include "protocol/trust/paths.h"

namespace nemo::trust {

namespace {

constexpr size_t most_issuers = 16; ///< an intermediate lasts a year

Svid copy_of(const Svid &svid) {
  return {svid.id,        share(svid.key.get()), svid.key_ids,   svid.not_before,
          svid.not_after, svid.issuer_from,      svid.path_from, svid.path_until};
}

/// The digests of the certificates one after the other: each has its length.
std::string name_of(llvm::ArrayRef<std::string> chain) {
  std::string digests;
  for (const std::string &certificate : chain)
    digests += sha256_bytes(certificate);
  return digests;
}

} // namespace

std::optional<Svid> Paths::from_issuer(llvm::ArrayRef<std::string> chain, UnixNanos at) const {
  if (chain.size() != 2)
    return std::nullopt;
  const auto issuer = issuers_.find(sha256_bytes(chain.back()));
  if (issuer == issuers_.end())
    return std::nullopt;
  auto svid = verify_svid(chain.front(), issuer->second, fleet_, at);
  if (svid)
    return std::move(*svid);
  llvm::consumeError(svid.takeError()); // looked at as a whole it says better what is wrong
  return std::nullopt;
}

void Paths::learn(Issuer issuer) {
  if (issuers_.size() >= most_issuers)
    issuers_.clear();
  std::string name = sha256_bytes(to_der(i2d_X509, issuer.certificate.get()));
  issuers_.insert_or_assign(std::move(name), std::move(issuer));
}

llvm::Expected<Svid> Paths::verify(llvm::ArrayRef<std::string> chain, const Bundle &bundle,
                                   UnixNanos at) {
  if (chain.size() > max_chain)
    return verify_svid(chain, bundle, at); // says no, before anything is hashed
  if (fleet_ != bundle.fleet || roots_ != bundle.roots) {
    known_.clear();
    issuers_.clear();
    fleet_ = bundle.fleet;
    roots_ = bundle.roots;
  }
  std::string name = name_of(chain);
  const auto found = known_.find(name);
  if (found != known_.end() && found->second.path_from <= at && at < found->second.path_until)
    return copy_of(found->second);
  std::optional<Svid> svid = from_issuer(chain, at);
  if (!svid) {
    Issuer issuer;
    auto whole = verify_svid(chain, bundle, at, &issuer);
    if (!whole)
      return whole;
    svid = std::move(*whole);
    if (issuer.certificate)
      learn(std::move(issuer));
  }
  if (known_.size() >= most_)
    known_.clear();
  known_.insert_or_assign(std::move(name), copy_of(*svid));
  return std::move(*svid);
}

} // namespace nemo::trust
