// What is known of nodes that are silent, but for heartbeats: what became of what they ran. What
// they said last stands (orchestrator/silent.h).
#pragma once

#include <vector>

#include "orchestrator/health/detector.h"
#include "protocol/fleet.pb.h"

namespace nemo::loop {

/// Everybody who is to be heard. The fleet is the memory of who begins to listen: a node of which
/// everything was given to others was lost before.
std::vector<health::Member> to_be_heard(const proto::Fleet &fleet);

} // namespace nemo::loop
