// The prices of scarce room that the plan's bound stands on: anybody who has them can compute it.
#pragma once

#include "compiler/verify/hours.h"
#include "compiler/verify/rooms.h"
#include "compiler/verify/sums.h"

namespace nemo::verify {

class Scarcity {
public:
  static constexpr int price_bits = 40; ///< prices are in 2^-price_bits of 1e-6 per hour and unit

  /// Prices that are no prices are reported, and not used.
  Scarcity(const Case &subject, const Objective &objective, Faults &faults);
  /// The five amounts; then of every part of the day but the first, processor and memory. Jobs that
  /// share room in time need none of the two here: nobody knows at which hours.
  std::vector<Amount> needs(const proto::Workload &workload) const;
  /// What there is of them for this stack; below 0: nobody knows.
  const std::vector<int64_t> &room(const std::string &node) const { return room_.at(node); }
  /// Whether the replica alone has room there.
  bool has_room(const proto::Workload &workload, const std::string &node) const;
  /// What it pays there besides `cost`.
  __int128 paid(const proto::Workload &workload, const std::string &node, int64_t cost) const;
  /// Of all scarce room together, less what keeping its nodes awake costs, where that is less.
  __int128 worth() const { return worth_; }

private:
  std::vector<Amount> all_day(const proto::Workload &workload) const;

  std::vector<uint32_t> parts_;
  std::map<std::string, std::vector<int64_t>> room_, price_;
  std::map<std::pair<std::string, std::string>, Amount> devices_left_; ///< by node, name
  __int128 worth_ = 0;
  const bool shared_; ///< jobs share room in time
};

} // namespace nemo::verify
