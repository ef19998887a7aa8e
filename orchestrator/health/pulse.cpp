#include "orchestrator/health/pulse.h"

#include <algorithm>
#include <cmath>

namespace nemo::health {

namespace {

using namespace std::chrono_literals;

constexpr Ms window = 30s;
constexpr Ms shortest = 10ms, longest = 60s; ///< intervals that are believed
constexpr double weight = 1.0 / 16;          ///< of the latest, in the mean
constexpr double spread = 8;                 ///< times the mean lateness are waited for

} // namespace

/// How much longer it was on its way than the quickest of late.
Ms Pulse::age(const Beat &beat, Ms now) {
  const Ms way = now - beat.sent;
  if (now - window_since_ > window) {
    quickest_before_ = quickest_;
    quickest_ = Ms::max();
    window_since_ = now;
  }
  quickest_ = std::min(quickest_, way);
  return way - std::min(quickest_, quickest_before_);
}

bool Pulse::hear(const Beat &beat, Ms now, Ms listened) {
  if (beat.sequence <= sequence_)
    return false;
  const bool first = !ever_heard() || beat.boot_id != boot_id_ || beat.sent <= sent_;
  if (first) {
    gaps_known_ = 0;
    lateness_ms_ = 0;
    quickest_ = quickest_before_ = Ms::max();
    window_since_ = now;
  } else {
    gaps_[gaps_known_++ % gaps_.size()] = std::clamp(beat.sent - sent_, shortest, longest);
    // What comes early was held up before it came, and that has counted.
    const Ms late = std::clamp(listened - heard_ - interval(), Ms(0), patience_.most);
    lateness_ms_ += weight * (static_cast<double>(late.count()) - lateness_ms_);
  }
  const Ms held_back = std::max(Ms(0), age(beat, now) - patience_.stall);
  alive_at_ = std::max(alive_at_, listened - held_back);
  sequence_ = beat.sequence;
  boot_id_ = beat.boot_id;
  sent_ = beat.sent;
  heard_ = listened;
  return true;
}

/// Of late, the least: a node that stalls sends later than it means to, never earlier.
Ms Pulse::interval() const {
  const size_t known = std::min(gaps_known_, gaps_.size());
  return known == 0 ? patience_.interval
                    : *std::min_element(gaps_.begin(), gaps_.begin() + static_cast<long>(known));
}

/// On a quiet network. Two and a half intervals where these are long, so that one that is lost is
/// no death.
Ms Pulse::least() const {
  return std::max(interval() + patience_.stall + patience_.margin, interval() * 5 / 2);
}

Ms Pulse::death() const {
  const Ms restless = interval() + Ms(std::lround(spread * lateness_ms_));
  return std::max(least(), std::min(restless, patience_.most));
}

Ms Pulse::suspicion() const { return least() - interval() - patience_.margin; }

} // namespace nemo::health
