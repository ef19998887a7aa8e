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
    begin_ = start;
  }
  /// A part of it: at most so many ticks from where this one is.
  Budget part(uint64_t ticks) const {
    Budget out = *this;
    out.first_ = ticks_;
    out.begin_ = Clock::now();
    out.effort_ = std::min(effort_, ticks_ > UINT64_MAX - ticks ? UINT64_MAX : ticks_ + ticks);
    return out;
  }
  /// The part until that share of it is spent, of effort and of time.
  Budget until(double share) const {
    Budget out = *this;
    if (effort_ != UINT64_MAX)
      out.effort_ = first_ + static_cast<uint64_t>(static_cast<double>(effort_ - first_) * share);
    if (deadline_)
      out.deadline_ = begin_ + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(*deadline_ - begin_) * share);
    out.first_ = ticks_;
    out.begin_ = Clock::now();
    return out;
  }
  /// Takes over what a part of it has spent.
  void join(const Budget &part) {
    ticks_ = part.ticks_;
    look();
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
  void end() { cut_ = true; }
  bool left() const { return !cut_ && ticks_ < effort_; }
  /// Whether the clock or the stop flag ended it.
  bool cut() const { return cut_; }
  uint64_t ticks() const { return ticks_; }
  /// What part of it is spent, of effort or of time: whichever ends first.
  double share() const {
    double share = 0;
    if (effort_ != UINT64_MAX)
      share = effort_ <= first_
                  ? 1
                  : static_cast<double>(ticks_ - first_) / static_cast<double>(effort_ - first_);
    if (deadline_)
      share = *deadline_ <= begin_
                  ? 1
                  : std::max(share, std::chrono::duration<double>(Clock::now() - begin_) /
                                        std::chrono::duration<double>(*deadline_ - begin_));
    return std::min(share, 1.0);
  }
  uint64_t effort() const { return effort_; }

  void look() {
    cut_ |= (stop_ && stop_->load(std::memory_order_relaxed)) ||
            (deadline_ && Clock::now() >= *deadline_);
  }

private:
  static constexpr uint64_t ticks_between_looks = 20000;

  const std::atomic<bool> *stop_;
  Clock::time_point begin_;
  std::optional<Clock::time_point> deadline_;
  uint64_t effort_, first_ = 0, ticks_ = 0, next_look_ = 0;
  bool cut_ = false;
};

} // namespace nemo::optimiser
