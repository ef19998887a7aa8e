// What the heartbeats of one node say: when it last gave a sign of life, and how long a silence is
// still nothing. Time comes from outside.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

namespace nemo::health {

/// Milliseconds; as a point in time, of CLOCK_BOOTTIME, which also counts while a machine sleeps.
using Ms = std::chrono::milliseconds;

/// A heartbeat whose signature has been verified.
struct Beat {
  std::string node;
  std::string boot_id;
  uint64_t sequence = 0; ///< grows with each heartbeat of the node, also over its reboots
  Ms sent{};             ///< of the node's own CLOCK_BOOTTIME
};

struct Patience {
  Ms interval{300}; ///< between two heartbeats, until a node has shown its own
  Ms stall{500};    ///< a pause of a node, or of the way to it, that is no death
  Ms margin{100};   ///< for what a quiet network and the receiver's own steps add
  Ms most{3'000};   ///< however restless a node is (slower heartbeats than that have their time)
};

/// The deadline follows Chen, Toueg and Aguilera (IEEE Trans. Computers 51(5), 2002): the next
/// heartbeat is expected an interval after the last, and a constant margin more is waited. As in
/// Bertier, Marin and Sens (DSN 2002), the margin grows with the mean lateness of what came, so
/// that a restless network costs time and no false deaths. Accrual detectors (Hayashibara et al.,
/// SRDS 2004) learn the spread alone: after one stall of 500 ms within a hundred heartbeats their
/// deadline lies beyond the second in which a death has to be known, and without it they take the
/// next stall for one.
class Pulse {
public:
  /// \param listened  how long the receiver has listened so far; silence begins here.
  Pulse(const Patience &patience, Ms listened) : patience_(patience), alive_at_(listened) {}

  /// \returns false for one that is no news: whoever holds an old one can send it again. One that
  /// was held back for longer than a stall is a sign of life as of then, and no more.
  /// \param now       of the receiver's CLOCK_BOOTTIME
  /// \param listened  of the time until now, that during which the receiver did listen
  bool hear(const Beat &beat, Ms now, Ms listened);

  bool ever_heard() const { return sequence_ != 0; }
  Ms silence(Ms listened) const { return listened - alive_at_; }
  /// Silence is not the node's fault until now: the receiver could not hear.
  void excuse(Ms listened) { alive_at_ = std::max(alive_at_, listened); }

  Ms interval() const;
  Ms death() const;     ///< a silence that is one
  Ms suspicion() const; ///< when one node is found dead, others cut off with it are silent for that

private:
  Ms age(const Beat &beat, Ms now);
  Ms least() const;

  Patience patience_;
  Ms alive_at_; ///< of the time listened
  uint64_t sequence_ = 0;
  std::string boot_id_;
  Ms sent_{};
  Ms heard_{}; ///< of the time listened: a pause of the receiver is no restlessness
  std::array<Ms, 8> gaps_{};
  size_t gaps_known_ = 0;
  double lateness_ms_ = 0;
  // The quickest way that a heartbeat took, up to the unknown difference of the two clocks. Clocks
  // drift: only the last two windows count.
  Ms quickest_{Ms::max()}, quickest_before_{Ms::max()};
  Ms window_since_{};
};

} // namespace nemo::health
