// What whoever waits for a placement sees of the search, and how they end it. No part of the
// problem, and of its answer only in that a search that was ended cannot be repeated.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace nemo::placement {

struct Found {
  std::chrono::nanoseconds elapsed{};
  int64_t value = 0; ///< of the objective, 1e-9 of its unit per hour, with what leaving costs
  int64_t bound = 0; ///< no placement has less
  bool in_euro = true;
};

/// For each replica, where neither is given.
constexpr uint64_t default_effort = 2'000;

struct Watch {
  /// Searches that long, however much effort that is, unless an effort is given too.
  std::optional<std::chrono::nanoseconds> time_limit;
  const std::atomic<bool> *stop = nullptr;   ///< set: the best so far is the answer
  std::function<void(const Found &)> better; ///< at every better placement, by a thread at a time
};

} // namespace nemo::placement
