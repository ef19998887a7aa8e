#include "backends/null/backend.h"

namespace nemo::backends::null {

llvm::Expected<proto::Fleet> Backend::observe() {
  proto::Fleet fleet = fleet_;
  fleet.set_version(1);
  if (fleet.backend().empty())
    fleet.set_backend("null");
  return fleet;
}

llvm::Error Backend::watch(const proto::WatchCall &, Sink<proto::Event>, Patience) {
  return llvm::Error::success(); // nothing ever happens here
}

llvm::Error Backend::logs(const proto::LogsCall &, Sink<proto::LogLine>) {
  return llvm::Error::success();
}

} // namespace nemo::backends::null
