// Declared inventory over discovered inventory, renames, and which facts a plan is bound to.
#include <catch2/catch.hpp>

#include "compiler/resolve/overlay.h"
#include "models.h"

using namespace nemo;
using namespace nemo::test;

TEST_CASE("declared facts fill what is unknown, and declared labels and class win") {
  auto intent = parse<proto::Intent>(R"(
    inventory { kind: "node" name: "gw1" facts { kind: "node"
      attributes { name: "class" value { enumerator: "device" } }
      attributes { name: "arch" value { enumerator: "riscv64" } }
      children { kind: "labels" attributes { name: "cell" value { text: "7" } } }
      children { kind: "resources"
        attributes { name: "cpu" value { quantity { num: "2" dimension: "core" } } } } } }
    inventory { kind: "site" name: "athens" facts { kind: "site"
      attributes { name: "country" value { text: "FR" } }
      attributes { name: "location" value { text: "hall 3" } } } })");
  auto laid = compiler::overlay(intent, two_sites());
  CHECK(laid.diagnostics.empty());
  const proto::Node &node = laid.world.nodes(1);
  REQUIRE(node.name() == "gw1");
  CHECK(node.node_class() == "device");
  CHECK(node.arch() == "arm64");
  CHECK(node.cpu_millicores() == 2000);
  REQUIRE(node.labels_size() == 1);
  CHECK(laid.world.sites(0).country() == "GR");
  CHECK(laid.world.sites(0).location() == "hall 3");
}

TEST_CASE("more cannot be declared than is there, and a node is not made by declaring it") {
  auto intent = parse<proto::Intent>(R"(
    inventory { kind: "node" name: "gw1" facts { kind: "node" children { kind: "resources"
      attributes { name: "cpu" value { quantity { num: "5" dimension: "core" } } } } } }
    inventory { kind: "node" name: "ghost" facts { kind: "node" } })");
  add_workload(intent, "web");
  auto compiled = compiler::compile(inputs(intent, two_sites()));
  CHECK_FALSE(compiled.plan);
  CHECK(has(compiled, "N0508"));
  CHECK(has(compiled, "N0509"));
}

TEST_CASE("a declared link joins what is there, or it is said that it does not") {
  auto intent = parse<proto::Intent>(R"(
    inventory { kind: "site" name: "hall" facts { kind: "site" labels: "hall" } }
    inventory { kind: "link" name: "gw1 hall" facts { kind: "link" labels: "gw1" labels: "hall" } }
    inventory { kind: "link" name: "gw1 gw9" facts { kind: "link" labels: "gw1" labels: "gw9" } })");
  auto laid = compiler::overlay(intent, two_sites());
  REQUIRE(laid.diagnostics.size() == 1);
  CHECK(laid.diagnostics[0].id == "N0509");
  CHECK(laid.diagnostics[0].message == "link gw1 gw9: there is no node or site gw9");
}

TEST_CASE("measurements and what no formula asks for stay out of the facts") {
  proto::Fleet fleet = two_sites();
  fleet.mutable_nodes(0)->set_temperature_mdegc(50000);
  fleet.mutable_nodes(0)->add_labels()->set_key("unused");
  fleet.mutable_nodes(0)->set_agent_version("1");
  proto::Intent intent;
  add_workload(intent, "web");
  auto compiled = compiler::compile(inputs(intent, fleet));
  REQUIRE(compiled.plan);
  const proto::Node &node = compiled.plan->facts().nodes(0);
  CHECK_FALSE(node.has_temperature_mdegc());
  CHECK(node.labels().empty());
  CHECK(node.agent_version().empty());
}

TEST_CASE("room that other stacks were given is not given again") {
  proto::Fleet fleet = two_sites();
  fleet.mutable_nodes()->RemoveLast(); // gw1 alone
  *fleet.add_parts() = parse<proto::PartState>(R"(part { stack: "other" node: "gw1"
    instances { workload: "x" spec { resources { cpu_millicores: 3950 } env { name: "KEY" } } } })");
  proto::Intent intent;
  add_workload(intent, "web");
  auto compiled = compiler::compile(inputs(intent, fleet));
  CHECK_FALSE(compiled.plan);
  CHECK(has(compiled, "N0501"));
  intent.mutable_workloads(0)->mutable_resources()->set_cpu_millicores(50);
  compiled = compiler::compile(inputs(intent, fleet));
  REQUIRE(compiled.plan);
  CHECK(compiled.plan->facts().parts(0).part().instances(0).spec().env().empty());
}

TEST_CASE("a fleet without nodes says so") {
  proto::Intent intent;
  add_workload(intent, "web");
  auto compiled = compiler::compile(inputs(intent, proto::Fleet()));
  CHECK_FALSE(compiled.plan);
  CHECK(has(compiled, "N0510"));
}
