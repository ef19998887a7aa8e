// What a day of hours comes to.
#include <catch2/catch.hpp>

#include "compiler/resolve/hours.h"

using namespace nemo;
using namespace nemo::compiler;

namespace {

void add(proto::Resources &resources, uint32_t from, uint32_t to, uint64_t cpu, uint64_t memory) {
  proto::Hours &hours = *resources.add_hours();
  hours.set_from(from);
  hours.set_to(to);
  if (cpu)
    hours.set_cpu_millicores(cpu);
  if (memory)
    hours.set_memory_bytes(memory);
}

proto::Resources office() {
  proto::Resources resources;
  resources.set_cpu_millicores(1000);
  resources.set_memory_bytes(100);
  add(resources, 8, 18, 4000, 0);
  add(resources, 22, 2, 0, 700);
  return resources;
}

} // namespace

TEST_CASE("hours replace what they name, also past midnight") {
  const proto::Resources resources = office();
  for (uint32_t hour = 0; hour < 24; ++hour) {
    const proto::Resources then = at_hour(resources, hour);
    INFO(hour);
    CHECK(then.cpu_millicores() == (hour >= 8 && hour < 18 ? 4000 : 1000));
    CHECK(then.memory_bytes() == (hour >= 22 || hour < 2 ? 700 : 100));
  }
  CHECK(largest(resources).cpu_millicores() == 4000);
  CHECK(largest(resources).memory_bytes() == 700);
  CHECK(largest(resources, {18, 22}).cpu_millicores() == 1000);
  CHECK(largest(resources, {18, 32}).memory_bytes() == 700);
  CHECK(on_average(resources).cpu_millicores() == (10 * 4000 + 14 * 1000) / 24); // 2250
  CHECK(on_average(resources).memory_bytes() == (4 * 700 + 20 * 100) / 24);      // 200
}

TEST_CASE("limits are the largest, and the hours stay what they were") {
  const proto::Resources resources = office(), limits = as_limits(resources);
  CHECK(limits.cpu_millicores() == 4000);
  CHECK(limits.memory_bytes() == 700);
  CHECK(limits.hours_size() == 5);
  for (uint32_t hour = 0; hour < 24; ++hour) {
    CHECK(at_hour(limits, hour).cpu_millicores() == at_hour(resources, hour).cpu_millicores());
    CHECK(at_hour(limits, hour).memory_bytes() == at_hour(resources, hour).memory_bytes());
  }
  proto::Resources plain;
  plain.set_cpu_millicores(5);
  CHECK(as_limits(plain).SerializeAsString() == plain.SerializeAsString());
}

TEST_CASE("the day is cut where any workload changes, and nowhere else") {
  proto::Intent intent;
  CHECK(parts_of_day(intent).size() == 1);
  *intent.add_workloads()->mutable_resources() = office();
  const std::vector<PartOfDay> parts = parts_of_day(intent);
  REQUIRE(parts.size() == 4);
  CHECK(parts[0].from == 2);
  CHECK(parts[0].to == 8);
  CHECK(parts[3].from == 22);
  CHECK(parts[3].to == 26);
  uint32_t hours = 0;
  for (const PartOfDay &part : parts)
    hours += part.to - part.from;
  CHECK(hours == 24);
}
