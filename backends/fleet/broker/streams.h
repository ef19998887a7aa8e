// The streams of a fleet, made by an operator before anybody else is there: three buckets that keep
// the latest state of each key, and two logs that keep what nodes tell.
#pragma once

#include "backends/fleet/broker/link.h"

namespace nemo::broker {

/// Makes what is not there.
llvm::Error make_streams(Link &link);

} // namespace nemo::broker
