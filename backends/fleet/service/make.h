// A new fleet on this machine: its authority, and the identities of its broker and first operator.
#pragma once

#include "backends/fleet/authority/authority.h"
#include "backends/fleet/service/home.h"

namespace nemo::service {

/// Writes everything that a service needs to start, or leaves nothing behind.
llvm::Expected<Home> make_fleet(const std::string &name, const membership::Address &broker,
                                const membership::Address &authority, UnixNanos now);

/// New certificates for the broker and the operator of this machine, where half of their time is
/// over; `names` is what the broker's is good for. \returns whether the broker's was renewed.
llvm::Expected<bool> renew_own(const Home &home, authority::Authority &authority, UnixNanos now);

} // namespace nemo::service
