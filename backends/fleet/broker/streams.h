// The streams of a fleet, made by an operator before anybody else is there: buckets that keep the
// latest state of each key, and two logs that keep what nodes tell.
#pragma once

#include "protocol/link/connection.h"

namespace nemo::broker {

/// Makes what is not there.
llvm::Error make_streams(link::Connection &broker);

} // namespace nemo::broker
