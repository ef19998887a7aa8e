// The same pods, known in advance: how much GPU could have been allocated.
#pragma once

#include "compiler/placement/model/model.h"

namespace nemo::bench {

/// Places what is largest first, and also in the order given, pods without GPUs last; then empties
/// device after device and fills it with what uses more of it, until none gains; returns the better
/// of the two. A heuristic: the best may be more.
/// \param model  replicas may be left out at a price, which is what they take of the devices.
optimiser::Solution place_offline(const optimiser::Model &model);

} // namespace nemo::bench
