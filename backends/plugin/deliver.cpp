#include "backends/plugin/backend.h"

namespace nemo::backends::plugin {

llvm::Expected<proto::Delivered> Backend::deliver(const proto::DeliverCall &call) {
  return wire::deliver(client_, call);
}

llvm::Expected<std::vector<std::string>> Backend::missing(const std::vector<std::string> &digests) {
  return wire::missing(client_, digests);
}

llvm::Error Backend::put(const proto::Artifact &artifact) { return wire::put(client_, artifact); }

llvm::Error Backend::shutdown() { return wire::shutdown(client_); }

} // namespace nemo::backends::plugin
