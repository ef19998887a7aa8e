// What a search may still spend. Work is counted in ticks, about one evaluated move each, so that
// it ends at the same point on every machine; the clock and the stop flag only end it earlier.
#pragma once

#include <atomic>
#include <chrono>
#include <limits>
#include <optional>

#include "compiler/placement/search/search.h"

namespace nemo::optimiser {

class Budget {
public:
  using Clock = std::chrono::steady_clock;

  Budget(const Options &options, Clock::time_point start)
      : stop_(options.stop), effort_(options.effort.value_or(UINT64_MAX)) {
    if (options.time_limit)
      deadline_ = start + std::chrono::duration_cast<Clock::duration>(*options.time_limit);
  }
  /// A part of it: at most so many ticks from where this one is.
  Budget part(uint64_t ticks) const {
    Budget out = *this;
    out.effort_ = std::min(effort_, ticks_ > UINT64_MAX - ticks ? UINT64_MAX : ticks_ + ticks);
    return out;
  }
  /// Takes over what a part of it has spent.
  void join(const Budget &part) {
    ticks_ = part.ticks_;
    cut_ |= part.cut_;
  }

  /// \returns whether there is any left.
  bool spend(uint64_t ticks) {
    ticks_ += ticks;
    if (ticks_ >= next_look_) {
      next_look_ = ticks_ + ticks_between_looks;
      look();
    }
    return left();
  }
  bool left() const { return !cut_ && ticks_ < effort_; }
  /// Whether the clock or the stop flag ended it.
  bool cut() const { return cut_; }
  uint64_t ticks() const { return ticks_; }
  uint64_t effort() const { return effort_; }

  void look() {
    cut_ |= (stop_ && stop_->load(std::memory_order_relaxed)) ||
            (deadline_ && Clock::now() >= *deadline_);
  }

private:
  static constexpr uint64_t ticks_between_looks = 20000;

  const std::atomic<bool> *stop_;
  std::optional<Clock::time_point> deadline_;
  uint64_t effort_, ticks_ = 0, next_look_ = 0;
  bool cut_ = false;
};

} // namespace nemo::optimiser
