#include "compiler/verify/hours.h"

#include <algorithm>
#include <set>

namespace nemo::verify {

Day day_of(const proto::Resources &resources) {
  Day day;
  day.fill({resources.cpu_millicores(), resources.memory_bytes()});
  std::array<bool, 24> said{};
  for (const proto::Hours &hours : resources.hours()) {
    const uint32_t from = hours.from() % 24;
    uint32_t length = (hours.to() % 24 + 24 - from) % 24;
    if (length == 0)
      length = 24;
    for (uint32_t i = 0; i < length; ++i) {
      const uint32_t hour = (from + i) % 24;
      if (said[hour])
        continue; // the first that is said holds
      said[hour] = true;
      if (hours.has_cpu_millicores())
        day[hour].cpu = hours.cpu_millicores();
      if (hours.has_memory_bytes())
        day[hour].memory = hours.memory_bytes();
    }
  }
  return day;
}

HourlyAmount peak(const Day &day) {
  HourlyAmount most;
  for (const HourlyAmount &hour : day)
    most = {std::max(most.cpu, hour.cpu), std::max(most.memory, hour.memory)};
  return most;
}

proto::Resources mean_of_day(const proto::Resources &resources) {
  proto::Resources mean = resources;
  if (resources.hours().empty())
    return mean;
  unsigned __int128 cpu = 23, memory = 23;
  for (const HourlyAmount &hour : day_of(resources)) {
    cpu += hour.cpu;
    memory += hour.memory;
  }
  mean.clear_hours();
  mean.set_cpu_millicores(static_cast<uint64_t>(cpu / 24));
  mean.set_memory_bytes(static_cast<uint64_t>(memory / 24));
  return mean;
}

std::vector<uint32_t> changes_of_day(const proto::Intent &intent) {
  std::set<uint32_t> changes;
  for (const proto::Workload &workload : intent.workloads())
    for (const proto::Hours &hours : workload.resources().hours())
      changes.insert({hours.from() % 24, hours.to() % 24});
  if (changes.size() < 2)
    return {0};
  return {changes.begin(), changes.end()};
}

HourlyAmount peak_in(const Day &day, const std::vector<uint32_t> &changes, size_t part) {
  if (changes.size() < 2)
    return peak(day);
  HourlyAmount most;
  const uint32_t end = changes[(part + 1) % changes.size()];
  for (uint32_t hour = changes[part]; hour != end; hour = (hour + 1) % 24)
    most = {std::max(most.cpu, day[hour].cpu), std::max(most.memory, day[hour].memory)};
  return most;
}

} // namespace nemo::verify
