// An authority in a directory of its own, and machines that join it over TLS.
#pragma once

#include "backends/fleet/authority/authority.h"
#include "wire.h"

namespace nemo::test {

struct Fleet {
  explicit Fleet(std::string name = "shop.example");

  TempDir dir;
  UnixNanos now; ///< the real time: TLS looks at the clock itself
  std::unique_ptr<authority::Authority> authority;

  std::string root_key() const { return dir / "root.key"; }
  trust::SpiffeId id(trust::Role role, const std::string &name) const;
  /// The text of a token for an hour.
  std::string invite(const trust::SpiffeId &member);
  /// Certified without a token, as by the operator of the authority's machine.
  Member member(trust::Role role, const std::string &name,
                const std::vector<std::string> &hosts = {});
  trust::Revocations revocations();
};

struct Attempt {
  std::string error; ///< empty: it joined
  trust::Joined joined;
};

/// What a member sends to get a certificate for its next key.
std::string renewal(UnixNanos now, const Member &member, const trust::SigningKey &next,
                    const trust::SpiffeId &id);

/// The whole exchange, with this token, as machine with this key.
Attempt join(Fleet &fleet, const std::string &token, const trust::SigningKey &key);

} // namespace nemo::test
