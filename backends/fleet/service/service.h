// What runs for a fleet on the machine that holds it, as one process: it keeps nats-server running,
// lets machines join and members renew, carries every change of members to the broker, and
// publishes revocations and roots. One process, since whoever lets a machine in has to tell the
// broker before the machine connects. nats-server is not its child: when this is killed, the broker
// goes on, and the next one adopts it.
#pragma once

#include "backends/fleet/service/home.h"

namespace nemo::service {

/// Runs until SIGTERM or SIGINT, then ends the broker too. An error where it cannot start, or where
/// another one runs.
llvm::Error serve(const Home &home);

/// Its pid; 0: it does not run.
pid_t serving(const Home &home);

} // namespace nemo::service
