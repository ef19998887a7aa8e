// What is protected stays, whoever delivers: also a client that has never heard of protection.
#pragma once

#include <string>
#include <vector>

#include "protocol/backend.pb.h"

namespace nemo::agent {

/// Replicas that `there` protects and that `call` would take away, retire, start from something
/// else, or leave unprotected without saying so in `unprotect`.
std::vector<std::string> taken_away(const proto::Part &there, const proto::DeliverCall &call);

} // namespace nemo::agent
