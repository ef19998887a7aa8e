// Names in pictures stay text. Fleet files admit no such names; agents and backends may report any.
#include <catch2/catch.hpp>

#include "compiler/plan/graph/graph.h"
#include "models.h"

using namespace nemo;
using namespace nemo::test;

TEST_CASE("what names hold is neither Graphviz nor Mermaid") {
  proto::Fleet fleet;
  add_node(fleet, "a\"]; x -> \\N &amp; <b> `e` #1\n|", "s\"ite", 1000, 1 << 20);
  const auto graph = plan::graph::make({}, fleet, nullptr);
  std::string dot, mermaid;
  llvm::raw_string_ostream dot_out(dot), mermaid_out(mermaid);
  plan::graph::print_dot(dot_out, graph);
  plan::graph::print_mermaid(mermaid_out, graph);
  dot_out.flush();
  mermaid_out.flush();
  INFO(dot << mermaid);
  CHECK(dot.find(R"([label="a\"]; x -> \\N &amp;amp; <b> `e` #1 |\n1 core, 1 MiB")") !=
        std::string::npos);
  CHECK(dot.find(R"(label="site s\"ite")") != std::string::npos);
  CHECK(mermaid.find("n0[[\"a#34;#93;#59; x -#62; #92;N #38;amp#59; #60;b#62; #96;e#96; #35;1 "
                     "#124;<br/>1 core, 1 MiB\"]]") != std::string::npos);
}

TEST_CASE("replicas that share a node and a fate share an edge") {
  proto::Intent intent;
  add_workload(intent, "web")->set_replicas_min(4);
  proto::Plan plan;
  for (int replica : {0, 1, 2, 4}) {
    proto::Action *action = plan.add_actions();
    action->set_verb("create");
    action->set_object("workload.web/" + std::to_string(replica));
    action->set_node("gw1");
  }
  const auto graph = plan::graph::make(intent, two_sites(), &plan);
  REQUIRE(graph.edges.size() == 1);
  CHECK(graph.edges[0].label == "0-2, 4");
  CHECK(graph.workloads[0].state == plan::graph::State::created);
}

TEST_CASE("a rename and a protection are changes of their own") {
  using plan::graph::State;
  proto::Intent intent;
  add_workload(intent, "db");
  add_workload(intent, "web");
  proto::Plan plan;
  for (const auto &[verb, object] :
       {std::pair("rename", "workload.web/0"), {"protect", "workload.db/0"}}) {
    proto::Action *action = plan.add_actions();
    action->set_verb(verb);
    action->set_object(object);
    action->set_node("gw1");
  }
  const auto graph = plan::graph::make(intent, two_sites(), &plan);
  CHECK(graph.workloads[0].state == State::protected_);
  CHECK(graph.workloads[1].state == State::renamed);
  std::string dot, mermaid;
  llvm::raw_string_ostream dot_out(dot), mermaid_out(mermaid);
  plan::graph::print_dot(dot_out, graph);
  plan::graph::print_mermaid(mermaid_out, graph);
  CHECK(dot_out.str().find("@ web") != std::string::npos);
  CHECK(mermaid_out.str().find("#33; db<br/>1 replica\"):::protected") != std::string::npos);
}
