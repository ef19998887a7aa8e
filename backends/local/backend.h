// This machine: one nemo-agent behind a Unix socket, started when it does not run yet. The same
// frames as for everybody else; the agent is a process, never linked.
#pragma once

#include <string>
#include <vector>

#include "backends/local/agent_process.h"
#include "backends/wire/calls.h"

namespace nemo::backends::local {

class Backend {
public:
  /// Connects. \param start  start the agent when nothing answers.
  static llvm::Expected<Backend> open(bool start);
  std::string name() const { return "local"; }
  llvm::Expected<proto::BackendCapabilities> capabilities();
  llvm::Expected<proto::Fleet> observe();
  llvm::Expected<proto::Delivered> deliver(const proto::DeliverCall &call);
  llvm::Expected<std::vector<std::string>> missing(const std::vector<std::string> &digests);
  llvm::Error put(const proto::Artifact &artifact);
  llvm::Error watch(const proto::WatchCall &call, Sink<proto::Event> sink, Patience patience);
  llvm::Error logs(const proto::LogsCall &call, Sink<proto::LogLine> sink);
  llvm::Error shutdown();

private:
  Backend(AgentProcess agent, wire::Client client)
      : agent_(std::move(agent)), client_(std::move(client)) {}
  AgentProcess agent_;
  wire::Client client_; ///< for calls; streams have connections of their own
};

} // namespace nemo::backends::local
