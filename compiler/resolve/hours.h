// Amounts by the hour of the day, UTC. Only processor and memory have hours.
#pragma once

#include <vector>

#include "protocol/intent.pb.h"

namespace nemo::compiler {

/// Hours of the day in which no workload of the intent changes what it takes; `to` is past the end,
/// and past 24 where the part goes over midnight.
struct PartOfDay {
  uint32_t from = 0, to = 24;
};
/// At least one; of an intent without hours, the day.
std::vector<PartOfDay> parts_of_day(const proto::Intent &intent);

/// What holds at an hour from 0 to 23.
proto::Resources at_hour(const proto::Resources &resources, uint32_t hour);
/// The most at any hour from `from` to before `to`, which may be past 24.
proto::Resources largest(const proto::Resources &resources, PartOfDay when = {});
/// The mean over the day, rounded up; what costs, power and carbon are figured from.
proto::Resources on_average(const proto::Resources &resources);

/// The same at every hour, with `resources` themselves being the largest, as limits are.
proto::Resources as_limits(const proto::Resources &resources);

} // namespace nemo::compiler
