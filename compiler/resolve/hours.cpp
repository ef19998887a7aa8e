#include "compiler/resolve/hours.h"

#include <algorithm>
#include <array>

namespace nemo::compiler {

namespace {

bool covers(const proto::Hours &hours, uint32_t hour) {
  const uint32_t from = hours.from() % 24, to = hours.to() % 24;
  return from < to ? hour >= from && hour < to : hour >= from || hour < to;
}

} // namespace

std::vector<PartOfDay> parts_of_day(const proto::Intent &intent) {
  std::array<bool, 24> begins{};
  for (const proto::Workload &workload : intent.workloads())
    for (const proto::Hours &hours : workload.resources().hours())
      begins[hours.from() % 24] = begins[hours.to() % 24] = true;
  std::vector<PartOfDay> parts;
  for (uint32_t hour = 0; hour < 24; ++hour)
    if (begins[hour]) {
      if (!parts.empty())
        parts.back().to = hour;
      parts.push_back({hour, 24});
    }
  if (parts.size() < 2)
    return {PartOfDay{}};
  parts.back().to = 24 + parts.front().from;
  return parts;
}

proto::Resources at_hour(const proto::Resources &resources, uint32_t hour) {
  proto::Resources result = resources;
  result.clear_hours();
  for (const proto::Hours &hours : resources.hours())
    if (covers(hours, hour)) {
      if (hours.has_cpu_millicores())
        result.set_cpu_millicores(hours.cpu_millicores());
      if (hours.has_memory_bytes())
        result.set_memory_bytes(hours.memory_bytes());
      break;
    }
  return result;
}

proto::Resources largest(const proto::Resources &resources, PartOfDay when) {
  proto::Resources result = at_hour(resources, when.from % 24);
  if (resources.hours().empty())
    return result;
  for (uint32_t hour = when.from; hour < when.to; ++hour) {
    const proto::Resources then = at_hour(resources, hour % 24);
    result.set_cpu_millicores(std::max(result.cpu_millicores(), then.cpu_millicores()));
    result.set_memory_bytes(std::max(result.memory_bytes(), then.memory_bytes()));
  }
  return result;
}

proto::Resources on_average(const proto::Resources &resources) {
  if (resources.hours().empty())
    return resources;
  unsigned __int128 cpu = 0, memory = 0;
  for (uint32_t hour = 0; hour < 24; ++hour) {
    const proto::Resources then = at_hour(resources, hour);
    cpu += then.cpu_millicores();
    memory += then.memory_bytes();
  }
  proto::Resources result = resources;
  result.clear_hours();
  result.set_cpu_millicores(static_cast<uint64_t>((cpu + 23) / 24));
  result.set_memory_bytes(static_cast<uint64_t>((memory + 23) / 24));
  return result;
}

proto::Resources as_limits(const proto::Resources &resources) {
  if (resources.hours().empty())
    return resources;
  proto::Resources result = largest(resources);
  for (uint32_t hour = 0; hour < 24; ++hour) {
    const proto::Resources then = at_hour(resources, hour);
    proto::Hours *last = result.hours().empty() ? nullptr : &*result.mutable_hours()->rbegin();
    if (last && last->cpu_millicores() == then.cpu_millicores() &&
        last->memory_bytes() == then.memory_bytes()) {
      last->set_to(hour + 1);
      continue;
    }
    proto::Hours &next = *result.add_hours();
    next.set_from(hour);
    next.set_to(hour + 1);
    next.set_cpu_millicores(then.cpu_millicores());
    next.set_memory_bytes(then.memory_bytes());
  }
  return result;
}

} // namespace nemo::compiler
