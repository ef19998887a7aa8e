// A nats-server's configuration as text. Certificates say who a client is (verify_and_map takes the
// SPIFFE ID among the names of its certificate for the user), the list of users says what it may
// do, and the list of pinned keys keeps out whoever was revoked: nats-server has no other notion of
// it. So members come and go by a new text and a reload, which ends the sessions that no longer
// hold.
#pragma once

#include <string>

#include "backends/fleet/broker/settings.h"

namespace nemo::broker {

inline constexpr unsigned max_payload = 8u << 20; ///< bytes of a message

std::string configuration(const Settings &settings);

/// For production: a systemd unit that runs `nemo fleet serve` as this user, for the fleet whose
/// state is in `state_home`.
std::string unit(const std::string &fleet, const std::string &program,
                 const std::string &state_home, const std::string &user);

} // namespace nemo::broker
