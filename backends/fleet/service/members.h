// Who may connect, as the authority's state says it, carried over to the broker. Anybody who
// changes that state calls refresh(): processes take turns, and each writes what is true then.
#pragma once

#include <string>
#include <vector>

#include "llvm/Support/Error.h"

#include "backends/fleet/authority/authority.h"
#include "backends/fleet/broker/settings.h"
#include "backends/fleet/service/home.h"

namespace nemo::service {

/// Members by id, with the keys that count now.
llvm::Expected<std::vector<broker::Peer>> peers(authority::Authority &authority, UnixNanos now);

/// Writes the broker's configuration where it differs, has a running broker read it, and waits
/// until it has. \param certificates  the broker's own files have changed.
llvm::Error refresh(const Home &home, authority::Authority &authority, UnixNanos now,
                    bool certificates = false);

/// Ends the sessions of a member, also where it may come back with another key.
llvm::Error close_sessions(const Home &home, authority::Authority &authority,
                           const trust::SpiffeId &member, UnixNanos now);

struct Session {
  std::string user;    ///< SPIFFE ID
  std::string address; ///< "host:port"
  std::string since;   ///< RFC 3339
};

/// Who is connected, says the broker; it leaves out itself, who asks.
llvm::Expected<std::vector<Session>> sessions(const Home &home);

} // namespace nemo::service
