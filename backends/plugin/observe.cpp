#include "backends/plugin/backend.h"

namespace nemo::backends::plugin {

llvm::Expected<proto::Fleet> Backend::observe() { return wire::observe(client_); }

llvm::Error Backend::watch(const proto::WatchCall &call, Sink<proto::Event> sink,
                           Patience patience) {
  auto client = start(name_, program_);
  if (!client)
    return client.takeError();
  return wire::watch(std::move(*client), call, sink, patience);
}

llvm::Error Backend::logs(const proto::LogsCall &call, Sink<proto::LogLine> sink) {
  auto client = start(name_, program_);
  if (!client)
    return client.takeError();
  return wire::logs(std::move(*client), call, sink);
}

} // namespace nemo::backends::plugin
