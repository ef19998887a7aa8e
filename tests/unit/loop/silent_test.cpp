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

} // namespace nemo::loop
