// What other nodes of the fleet say that they run, and what waits for that.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/fleet.pb.h"
#include "protocol/node.pb.h"

namespace nemo::agent {

/// By node. A node that has said nothing is not there: nothing is known of it.
using Others = std::map<std::string, std::vector<proto::Running>>;

/// Whether a gate on another node holds, as far as is known; so what may only start after something
/// there has stopped waits until that node has said so.
bool holds_elsewhere(const proto::Gate &gate, const std::string &stack, const Others &others);

/// Where a peer on another node answers.
std::optional<std::string> address_elsewhere(const proto::Peer &peer, const std::string &stack,
                                             const Others &others);

} // namespace nemo::agent
