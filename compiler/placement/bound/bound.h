// What no assignment can cost less than.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "compiler/placement/model/model.h"

namespace nemo::optimiser {

struct Bound {
  Cost value = 0;
  const char *method = ""; ///< the one that gave the highest value
};

struct BoundOptions {
  std::optional<uint64_t> effort; ///< work units; with nothing but this the value is reproducible
  std::optional<std::chrono::nanoseconds> time_limit;
  std::optional<Cost> incumbent; ///< of a known solution: steers the steps, never the value
  const std::atomic<bool> *stop = nullptr;
};

/// The best of all methods, rounded down so that no rounding of floating point can make it wrong.
/// \pre check(model)
Bound bound(const Model &model, const BoundOptions &options);

} // namespace nemo::optimiser
