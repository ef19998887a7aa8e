#include <catch2/catch.hpp>

#include "orchestrator/loop/fleet_approvals.h"

TEST_CASE("what is to be typed for an approval names the lead that it is for") {
  using nemo::loop::approve_command;
  CHECK(approve_command("", "main") == "nemo approve --backend fleet");
  CHECK(approve_command("3f2a", "main") == "nemo approve 3f2a --backend fleet");
  CHECK(approve_command("3f2a", "shop") == "nemo approve 3f2a --backend fleet --lead shop");
}
