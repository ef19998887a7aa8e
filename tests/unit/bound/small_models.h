// Models small enough to try every assignment, with every kind of price and rule.
#pragma once

#include <cstdint>
#include <optional>

#include "compiler/placement/model/model.h"

namespace nemo::optimiser {

/// Two to four nodes, up to five replicas. \post check(model)
Model small_model(uint64_t seed);

/// The least cost of a feasible assignment, by trying all of them; none: there is no feasible one.
std::optional<Cost> least_cost(const Model &model);

} // namespace nemo::optimiser
