#include "runtime-agent/core/others.h"

namespace nemo::agent {

using proto::Running;

bool holds_elsewhere(const proto::Gate &gate, const std::string &stack, const Others &others) {
  const auto node = others.find(gate.node());
  if (node == others.end())
    return false;
  bool healthy = false, stopped = true;
  for (const Running &one : node->second) {
    if (one.stack() != stack || one.workload() != gate.workload() ||
        one.replica() != gate.replica() ||
        (!gate.revision().empty() && one.revision() != gate.revision()))
      continue;
    switch (one.state()) {
    case Running::RUNNING:
      healthy = true;
      [[fallthrough]];
    case Running::UNKNOWN:
    case Running::STARTING:
    case Running::UNHEALTHY:
    case Running::STOPPING:
      stopped = false;
      break;
    case Running::EXITED:
      healthy |= one.has_exit_code() && one.exit_code() == 0;
      break;
    default:
      break;
    }
  }
  switch (gate.kind()) {
  case proto::Gate::HEALTHY:
    return healthy;
  case proto::Gate::STOPPED:
    return stopped;
  default:
    return false;
  }
}

std::optional<std::string> address_elsewhere(const proto::Peer &peer, const std::string &stack,
                                             const Others &others) {
  const auto node = others.find(peer.node());
  if (node == others.end())
    return std::nullopt;
  for (const Running &one : node->second) {
    if (one.stack() != stack || one.workload() != peer.workload() ||
        one.replica() != peer.replica() ||
        (peer.revision().empty() ? one.retiring() : one.revision() != peer.revision()))
      continue;
    for (const proto::Address &address : one.addresses())
      if (peer.port().empty() || address.port() == peer.port())
        return address.address();
  }
  return std::nullopt;
}

} // namespace nemo::agent
