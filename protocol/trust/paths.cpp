#include "protocol/trust/paths.h"

namespace nemo::trust {

namespace {

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

llvm::Expected<Svid> Paths::verify(llvm::ArrayRef<std::string> chain, const Bundle &bundle,
                                   UnixNanos at) {
  if (chain.size() > max_chain)
    return verify_svid(chain, bundle, at); // says no, before anything is hashed
  if (fleet_ != bundle.fleet || roots_ != bundle.roots) {
    known_.clear();
    fleet_ = bundle.fleet;
    roots_ = bundle.roots;
  }
  std::string name = name_of(chain);
  const auto found = known_.find(name);
  if (found != known_.end() && found->second.path_from <= at && at < found->second.path_until)
    return copy_of(found->second);
  auto svid = verify_svid(chain, bundle, at);
  if (!svid)
    return svid;
  if (known_.size() >= most_)
    known_.clear();
  known_.insert_or_assign(std::move(name), copy_of(*svid));
  return svid;
}

} // namespace nemo::trust
