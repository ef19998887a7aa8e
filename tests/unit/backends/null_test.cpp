// The null backend proves the seam: every call is answered, nothing is kept.
#include <catch2/catch.hpp>

#include "backends/registry.h"

using namespace nemo;

TEST_CASE("the null backend observes what it was given and forgets what it is told") {
  backends::Choice choice;
  choice.name = "null";
  choice.fleet.add_nodes()->set_name("gw1");
  auto backend = backends::open(choice);
  REQUIRE(bool(backend));

  proto::DeliverCall call;
  call.mutable_part()->set_stack("shop");
  call.mutable_part()->set_node("gw1");
  call.set_expected_generation(4);
  auto delivered = backend->deliver(call);
  REQUIRE(bool(delivered));
  CHECK(delivered->generation() == 5);

  auto fleet = backend->observe();
  REQUIRE(bool(fleet));
  CHECK(fleet->version() == 1);
  CHECK(fleet->nodes_size() == 1);
  CHECK(fleet->parts_size() == 0);

  auto missing = backend->missing({"abc"});
  REQUIRE(bool(missing));
  CHECK(missing->empty());

  auto capabilities = backend->capabilities();
  REQUIRE(bool(capabilities));
  CHECK(backends::can(*capabilities, "gates"));
  CHECK_FALSE(backends::can(*capabilities, "watch"));
  CHECK_FALSE(backends::can(*capabilities, "never heard of"));
}
