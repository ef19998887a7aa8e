// The tables of this stage in the general placement problem, which the optimiser works on.
#pragma once

#include "compiler/placement/model/model.h"
#include "compiler/placement/state.h"

namespace nemo::placement {

/// Every rule of `state`'s problem, and costs in its unit less what cannot be saved, perhaps halved
/// so often that sums fit. A replica that runs pays for leaving its node (hysteresis); where its
/// cost there is not known, it stays.
optimiser::Model general(const State &state);

} // namespace nemo::placement
