// What a replica takes at each hour of the day, UTC.
#pragma once

#include <array>
#include <utility>
#include <vector>

#include "protocol/intent.pb.h"

namespace nemo::verify {

struct HourlyAmount {
  uint64_t cpu = 0, memory = 0;
  bool operator==(const HourlyAmount &) const = default;
};
using Day = std::array<HourlyAmount, 24>;

Day day_of(const proto::Resources &resources);
/// The most of each, whenever.
HourlyAmount peak(const Day &day);
/// The mean, rounded up to whole units: what figures are computed from.
proto::Resources mean_of_day(const proto::Resources &resources);
/// Hours at which parts of the day begin in which no workload changes; {0} without any.
std::vector<uint32_t> changes_of_day(const proto::Intent &intent);
/// The most in part `part` of the day that `changes` cut.
HourlyAmount peak_in(const Day &day, const std::vector<uint32_t> &changes, size_t part);

} // namespace nemo::verify
