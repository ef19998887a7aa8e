// One connection of somebody who wants to join or to renew: a question, an answer, and the end.
#pragma once

#include <functional>
#include <mutex>

#include "backends/fleet/authority/authority.h"
#include "backends/fleet/service/home.h"
#include "protocol/membership/channel.h"

namespace nemo::service {

struct Desk {
  const Home &home;
  authority::Authority &authority;
  std::mutex &turn; ///< of the authority
};

/// \param socket  a new connection; nothing that it sends is trusted. \returns what happened, for
/// the log.
std::string answer(Desk desk, const trust::TlsContext &context, membership::Socket socket,
                   std::chrono::milliseconds limit);

} // namespace nemo::service
