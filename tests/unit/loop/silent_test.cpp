#include <catch2/catch.hpp>

#include "orchestrator/loop/silent.h"

namespace nemo::loop {

namespace {

proto::Fleet fleet_of(const std::vector<std::string> &nodes) {
  proto::Fleet fleet;
  for (const std::string &name : nodes) {
    proto::Node &node = *fleet.add_nodes();
    node.set_name(name);
    node.set_site("s");
  }
  return fleet;
}

proto::Instance &tell(proto::Fleet &fleet, const std::string &node, const std::string &stack,
                      uint32_t replica) {
  proto::Part &part = *fleet.add_parts()->mutable_part();
  part.set_node(node);
  part.set_stack(stack);
  proto::Instance &one = *part.add_instances();
  one.set_workload("web");
  one.set_replica(replica);
  return one;
}

std::vector<std::string> replaced(const proto::Fleet &fleet) {
  std::vector<std::string> names;
  for (const health::Member &member : to_be_heard(fleet)) {
    CHECK(member.site == "s");
    if (member.replaced)
      names.push_back(member.node);
  }
  return names;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("a node is replaced when all that it was to run is given to others") {
  proto::Fleet fleet = fleet_of({"a", "b", "c", "empty"});
  tell(fleet, "a", "shop", 0);
  tell(fleet, "a", "shop", 1);
  tell(fleet, "b", "shop", 2);
  CHECK(replaced(fleet).empty());
  tell(fleet, "b", "shop", 0);
  CHECK(replaced(fleet).empty()); // the other runs nowhere else
  tell(fleet, "c", "other", 1);
  CHECK(replaced(fleet).empty()); // of another stack
  tell(fleet, "c", "shop", 1);
  CHECK(replaced(fleet) == Names{"a"});
}

TEST_CASE("what is only being moved replaces nobody") {
  proto::Fleet fleet = fleet_of({"a", "b"});
  tell(fleet, "a", "shop", 0).set_retiring(true);
  tell(fleet, "b", "shop", 0);
  CHECK(replaced(fleet).empty());
}

TEST_CASE("of a node whose report has run out the last one stands") {
  proto::Fleet before = fleet_of({"a", "b"}), now = fleet_of({"b"});
  before.add_sites()->set_name("s");
  before.add_running()->set_node("a");
  before.add_running()->set_node("b");
  tell(before, "a", "shop", 0);
  tell(now, "b", "shop", 1);
  keep_silent(now, before);
  REQUIRE(now.nodes_size() == 2);
  CHECK(now.nodes(1).name() == "a");
  REQUIRE(now.running_size() == 1);
  CHECK(now.running(0).node() == "a");
  CHECK(now.parts_size() == 2);
  CHECK(now.sites_size() == 1);
}

} // namespace nemo::loop
