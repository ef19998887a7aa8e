// The stream of pods that the published simulations of this data set place, drawn from a list.
#pragma once

#include "bench/placement/input/openb.h"

namespace nemo::bench {

/// The GPU that a shape asks for, in thousandths, over all its devices.
int64_t requested(const optimiser::Shape &shape);
int64_t gpu_capacity(const optimiser::Model &model);

/// The list's pods, shuffled; then, until `percent` of the cluster's GPU are asked for, pods drawn
/// from the list with replacement. A list that asks for more loses pods at random.
/// \returns shapes in the order of their arrival, the same for the same seed everywhere.
std::vector<uint32_t> arrivals(const Openb &data, int64_t percent, uint64_t seed);

} // namespace nemo::bench
