// How much of a processor a limited supply feeds.
#include <catch2/catch.hpp>

#include "compiler/resolve/supply.h"

using nemo::compiler::fed_millicores;

namespace {

nemo::proto::Node node(uint64_t supply_mw) {
  nemo::proto::Node made;
  made.set_cpu_millicores(4000);
  made.set_power_idle_mw(3000);
  made.set_power_max_mw(12000);
  made.set_supply_mw(supply_mw);
  return made;
}

} // namespace

TEST_CASE("a supply feeds what it is left above idle") {
  CHECK(fed_millicores(node(12000)) == 4000);
  CHECK(fed_millicores(node(7500)) == 2000);
  CHECK(fed_millicores(node(4000)) == 444); // rounded down
  CHECK(fed_millicores(node(3000)) == 0);
  CHECK(fed_millicores(node(2999)) == 0);
  CHECK(fed_millicores(node(UINT64_MAX)) == 4000);
  nemo::proto::Node free = node(0);
  free.clear_supply_mw();
  CHECK(fed_millicores(free) == 4000);
}

TEST_CASE("a node that sleeps may draw more while it is awake") {
  nemo::proto::Node mote = node(750);
  CHECK(fed_millicores(mote) == 0);
  mote.set_duty_ppb(100'000'000); // 7.5 W in a tenth of the time
  CHECK(fed_millicores(mote) == 2000);
  mote.set_duty_ppb(0);
  CHECK(fed_millicores(mote) == 0);
  mote.set_duty_ppb(1);
  CHECK(fed_millicores(mote) == 4000);
}

TEST_CASE("what a node draws has to be known, and may be the same at all times") {
  nemo::proto::Node dark = node(100'000);
  dark.clear_power_idle_mw();
  CHECK(fed_millicores(dark) == 0);
  nemo::proto::Node even = node(12000);
  even.set_power_idle_mw(12000);
  CHECK(fed_millicores(even) == 4000);
  even.set_supply_mw(11999);
  CHECK(fed_millicores(even) == 0);
  nemo::proto::Node huge = node(UINT64_MAX - 1);
  huge.set_power_idle_mw(1);
  huge.set_power_max_mw(UINT64_MAX);
  huge.set_cpu_millicores(UINT64_MAX);
  CHECK(fed_millicores(huge) <= UINT64_MAX); // an answer, whatever does not fit
}
