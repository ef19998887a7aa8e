// What is known of nodes that are silent, but for heartbeats: what they said last, and what became
// of what they ran.
#pragma once

#include <vector>

#include "orchestrator/health/detector.h"
#include "protocol/fleet.pb.h"

namespace nemo::loop {

/// A node whose report has run out is not dead for that: what it said last stands until heartbeats
/// say that it is, so that a partition moves nothing.
void keep_silent(proto::Fleet &fleet, const proto::Fleet &before);

/// Everybody who is to be heard. The fleet is the memory of who begins to listen: a node of which
/// everything was given to others was lost before.
std::vector<health::Member> to_be_heard(const proto::Fleet &fleet);

} // namespace nemo::loop
