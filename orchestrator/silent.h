// Nodes of which no report holds at present: they are not dead for that.
#pragma once

#include <map>
#include <string>

#include "protocol/fleet.pb.h"

namespace nemo::orchestrator {

/// Adds to `fleet` what nodes of `before` that are not in it said last, so that a partition moves
/// nothing. Whether they take anything new is what operators say now, not what they said then.
///
/// \param closed  nodes that take nothing new, silent ones among them
void keep_silent(proto::Fleet &fleet, const proto::Fleet &before,
                 const std::map<std::string, proto::Cordon> &closed);

} // namespace nemo::orchestrator
