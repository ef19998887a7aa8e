#include "backends/local/backend.h"

namespace nemo::backends::local {

llvm::Expected<Backend> Backend::open(bool start) {
  auto agent = AgentProcess::locate();
  if (!agent)
    return agent.takeError();
  auto client = agent->connect(start);
  if (!client)
    return client.takeError();
  return Backend(std::move(*agent), std::move(*client));
}

llvm::Expected<proto::BackendCapabilities> Backend::capabilities() {
  return wire::capabilities(client_);
}

} // namespace nemo::backends::local
