// What the node goes by: revocations, the fleet's roots, and its own certificate.
#include "base/error.h"
#include "protocol/trust/bundle.h"
#include "runtime-agent/fleet/link.h"

namespace nemo::agent::fleet {

void Link::take_revocations(llvm::StringRef bytes) {
  const membership::Credentials &held = member_.credentials();
  if (bytes == held.revocations.signed_bytes())
    return told_.forget("revocations");
  auto next = held.revocations.next(bytes, held.bundle, now());
  if (!next)
    return failed("revocations", next.takeError());
  if (auto error = member_.replace(std::move(*next)))
    return failed("revocations", std::move(error));
  if (peers_)
    peers_->reload();
}

void Link::take_bundles(llvm::StringRef bytes) {
  proto::SignedBundles said;
  if (bytes.size() > trust::max_signed ||
      !said.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return note("roots", "what should be the fleet's roots cannot be read");
  const std::vector<std::string> statements(said.bundles().begin(), said.bundles().end());
  const trust::Bundle &held = member_.credentials().bundle;
  trust::Bundle next = trust::follow_bundles(held, statements, now());
  if (next.roots == held.roots && next.sequence == held.sequence)
    return;
  if (auto error = member_.replace(std::move(next)))
    return failed("roots", std::move(error));
  told_.forget("roots");
  say("the fleet's roots are others now");
  if (peers_)
    peers_->reload();
  later(reconnect_timer_, 0, &Link::reconnect); // not from within a carrier that it replaces
}

void Link::take_certificate(membership::Member renewed) {
  member_ = std::move(renewed);
  announced_.clear();
  told_.forget("the certificate");
  say("there is a new certificate");
  if (peers_)
    peers_->reload();
  reconnect();
}

} // namespace nemo::agent::fleet
