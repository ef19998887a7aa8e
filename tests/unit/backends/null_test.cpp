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
  std::vector<uint64_t> generations;
  const auto take = [&](const std::string &node, const proto::Delivered &delivered) {
    CHECK(node == "gw1");
    generations.push_back(delivered.generation());
    return generations.size() < 2;
  };
  CHECK_FALSE(llvm::errorToBool(backend->deliver(call, take)));
  CHECK(generations == std::vector<uint64_t>{5});
  // No further than it is wanted.
  CHECK_FALSE(llvm::errorToBool(backend->deliver({call, call, call}, take)));
  CHECK(generations.size() == 2);

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
