// The workload's process makes the filter's listener; the supervisor needs it.
#pragma once

namespace nemo::supervisor {

void send_listener(int socket, int listener);
/// Waits for it. \returns -1 when the other end was closed without sending one.
int receive_listener(int socket);

} // namespace nemo::supervisor
