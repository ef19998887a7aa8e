// Which ports an instance uses. Tested by binding, as nothing else tells; a picked port stays with
// its instance.
#pragma once

#include <functional>
#include <set>

#include "runtime-agent/core/record.h"

namespace nemo::agent {

inline constexpr uint16_t first_picked_port = 20000;
inline constexpr uint16_t last_picked_port = 29999;

/// Whether nothing on this host listens on it, on any address.
bool port_is_free(uint16_t port);

/// Numbers for all ports of the spec: fixed ones as they are, others as in `before` or, new, a free
/// one that is not in `taken`. \param start  where to begin looking (spreads instances over the
/// range).
llvm::Expected<std::vector<PortUse>> assign_ports(const proto::Spec &spec,
                                                  const std::vector<PortUse> &before,
                                                  const std::set<uint16_t> &taken, uint32_t start,
                                                  const std::function<bool(uint16_t)> &is_free);

} // namespace nemo::agent
