// An out-of-tree backend: the executable nemo-backend-NAME on PATH, spoken to in the protocol's
// frames on its stdin and stdout. One process answers the calls; each stream gets a process of its
// own, because a stream lasts until one side hangs up.
#pragma once

#include <string>
#include <vector>

#include "backends/wire/calls.h"

namespace nemo::backends::plugin {

class Backend {
public:
  /// \param name  lower-case letters, digits and '-'; N0804 when there is no such program.
  static llvm::Expected<Backend> open(const std::string &name);
  std::string name() const { return name_; }
  llvm::Expected<proto::BackendCapabilities> capabilities();
  llvm::Expected<proto::Fleet> observe();
  llvm::Expected<proto::Delivered> deliver(const proto::DeliverCall &call);
  llvm::Expected<std::vector<std::string>> missing(const std::vector<std::string> &digests);
  llvm::Error put(const proto::Artifact &artifact);
  llvm::Error watch(const proto::WatchCall &call, Sink<proto::Event> sink, Patience patience);
  llvm::Error logs(const proto::LogsCall &call, Sink<proto::LogLine> sink);
  llvm::Error shutdown();

private:
  Backend(std::string name, std::string program, wire::Client client)
      : name_(std::move(name)), program_(std::move(program)), client_(std::move(client)) {}
  static llvm::Expected<wire::Client> start(const std::string &name, const std::string &program);
  std::string name_;
  std::string program_;
  wire::Client client_;
};

} // namespace nemo::backends::plugin
