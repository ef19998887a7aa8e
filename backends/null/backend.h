// Accepts everything, does nothing, remembers nothing: proves the seam, and plans for fleets that
// exist only as a file.
#pragma once

#include <string>
#include <vector>

#include "backends/wire/calls.h"

namespace nemo::backends::null {

class Backend {
public:
  /// \param fleet  what observe() answers.
  explicit Backend(proto::Fleet fleet) : fleet_(std::move(fleet)) {}
  std::string name() const { return "null"; }
  llvm::Expected<proto::BackendCapabilities> capabilities();
  llvm::Expected<proto::Fleet> observe();
  llvm::Expected<proto::Delivered> deliver(const proto::DeliverCall &call);
  llvm::Expected<std::vector<std::string>> missing(const std::vector<std::string> &digests);
  llvm::Error put(const proto::Artifact &artifact);
  llvm::Error watch(const proto::WatchCall &call, Sink<proto::Event> sink, Patience patience);
  llvm::Error logs(const proto::LogsCall &call, Sink<proto::LogLine> sink);
  llvm::Error shutdown();

private:
  proto::Fleet fleet_;
};

} // namespace nemo::backends::null
