#include <catch2/catch.hpp>

#include "backends/fleet/broker/version.h"

using namespace nemo::broker;

namespace {

size_t faults_of(const char *text) {
  const auto version = parse_version(text);
  REQUIRE(version);
  return known_faults(*version).size();
}

} // namespace

TEST_CASE("versions are read as nats-server says them") {
  CHECK(parse_version("nats-server: v2.9.10\n") == Version{2, 9, 10, false});
  CHECK(parse_version("v2.12.6") == Version{2, 12, 6, false});
  CHECK(parse_version("nats-server: v2.12.0-RC.1") == Version{2, 12, 0, true});
  for (const char *odd :
       {"", "nats-server", "2.9", "2.9.x", "nats-server: v2.9.10beta", "-1.2.3", "99999999999.1.1"})
    CHECK_FALSE(parse_version(odd));
}

TEST_CASE("each line of releases has its own first good one") {
  CHECK(faults_of("2.9.10") == 2);
  CHECK(faults_of("2.10.26") == 2);
  CHECK(faults_of("2.10.27") == 1);
  CHECK(faults_of("2.11.0") == 2);
  CHECK(faults_of("2.11.1") == 1);
  CHECK(faults_of("2.11.15") == 0);
  CHECK(faults_of("2.12.0-RC.1") == 1);
  CHECK(faults_of("2.12.5") == 1);
  CHECK(faults_of("2.12.6-RC.1") == 1);
  CHECK(faults_of("2.12.6") == 0);
  CHECK(faults_of("2.14.0") == 0);
  CHECK(faults_of("3.0.0") == 0);
}

TEST_CASE("syncing before acknowledging came with 2.10") {
  CHECK_FALSE(can_sync_always({2, 9, 25, false}));
  CHECK(can_sync_always({2, 10, 0, false}));
}
