#include "runtime-agent/lease/granter.h"

namespace nemo::agent::lease {

Granter::Granter(Ticks started) : silent_until_(started + longest_ms + drift_of(longest_ms)) {}

Said Granter::ask(const Request &request, Ticks now, uint64_t highest) {
  const bool gives_back = request.duration == 0;
  if (request.lease.empty() || request.lease.size() > 512 || request.token == 0 ||
      request.token > highest ||
      (!gives_back && (request.duration < shortest_ms || request.duration > longest_ms)))
    return {};
  auto found = leases_.find(request.lease);
  if (gives_back) {
    // Only what the request before has got: this one may have been on its way for long.
    if (found != leases_.end() && found->second.holder == request.holder &&
        found->second.nonce == request.nonce)
      found->second.until = now;
    return {Said::given_back};
  }
  if (now < silent_until_)
    return {Said::silent, silent_until_ - now};
  if (found != leases_.end()) {
    const Lease &lease = found->second;
    if (lease.until > now && lease.holder != request.holder)
      return {Said::held, lease.until - now, lease.holder};
    if (request.token < lease.token)
      return {Said::outdated};
  } else if (!make_room(request.holder, now)) {
    return {};
  } else {
    found = leases_.try_emplace(request.lease).first;
  }
  found->second = {request.holder, request.nonce, request.token,
                   now + request.duration + drift_of(request.duration)};
  return {Said::granted};
}

/// For one more lease: of what has run out only the tokens are forgotten.
bool Granter::make_room(const std::string &holder, Ticks now) {
  size_t own = 0;
  auto oldest = leases_.end();
  for (auto at = leases_.begin(); at != leases_.end(); ++at) {
    own += at->second.holder == holder ? 1 : 0;
    if (at->second.until <= now &&
        (oldest == leases_.end() || at->second.until < oldest->second.until))
      oldest = at;
  }
  if (own < of_holder && leases_.size() < most)
    return true;
  if (oldest == leases_.end() || (own >= of_holder && oldest->second.holder != holder))
    return false;
  leases_.erase(oldest);
  return true;
}

} // namespace nemo::agent::lease
