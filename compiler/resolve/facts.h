// The part of the fleet that a plan reads: what it is bound to, and what its checking needs.
#pragma once

#include "protocol/fleet.pb.h"
#include "protocol/intent.pb.h"

namespace nemo::compiler {

/// As observed, without what the plan does not read: load and other measurements, labels that no
/// formula asks for, and of other stacks everything but the room that they take.
proto::Fleet facts_read(const proto::Intent &intent, const proto::Fleet &fleet);

} // namespace nemo::compiler
