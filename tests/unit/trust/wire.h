// Two ends of a TLS connection in one process.
#pragma once

#include "protocol/trust/tls.h"
#include "support.h"

namespace nemo::test {

struct Wire {
  std::unique_ptr<trust::TlsSession> client;
  std::unique_ptr<trust::TlsSession> server;
  bool open = false; ///< both handshakes are done and a message went each way
};

/// Shakes hands until both ends are done or one has failed.
void connect(Wire &wire);
Wire connect(const trust::TlsContext &client, const trust::TlsContext &server);

} // namespace nemo::test
