// Many members of a fleet in one thread of one process. Each has keys, a certificate and a TLS
// connection of its own and does what an agent does that is told what to run, with the agent's own
// functions: verifies the statement, opens what is sealed to it, and says so in a signed report. It
// has no disk, no supervisors and no libnats, whose threads would be thousands.
#pragma once

#include <string>
#include <vector>

#include "llvm/Support/Error.h"

#include "protocol/trust/key.h"
#include "protocol/trust/statement.h"

namespace nemo::bench {

struct Identity {
  trust::SpiffeId id;
  trust::SigningKey key;
  trust::SealingKey sealing;
  std::vector<std::string> chain; ///< DER
};

/// Connects them all to the broker on 127.0.0.1, and answers what comes until the process ends;
/// says by a byte on `ready` when every one has reported, and by the end of it that something is
/// wrong.
llvm::Error be_members(const std::vector<Identity> &members, const trust::Bundle &bundle, int port,
                       int ready);

} // namespace nemo::bench
