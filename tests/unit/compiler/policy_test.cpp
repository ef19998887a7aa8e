// Rules against nodes: Kleene's logic, `where`, and what is said when nothing is left.
#include <catch2/catch.hpp>

#include "models.h"

using namespace nemo;
using namespace nemo::test;
using proto::Expr;
using proto::Rule;

namespace {

void add_rule(proto::Intent &intent, Rule written) {
  proto::Policy *policy = intent.add_policies();
  policy->set_name("p" + std::to_string(intent.policies_size()));
  *policy->add_rules() = std::move(written);
}

Expr in_country(const std::string &country) {
  return op(Expr::EQ, ref("node.site.country"), text(country));
}

} // namespace

TEST_CASE("a require keeps the nodes for which it is true") {
  proto::Intent intent;
  add_workload(intent, "web");
  add_rule(intent, rule(Rule::REQUIRE, in_country("FR"), "require node.site.country == \"FR\""));
  auto compiled = compiler::compile(inputs(intent, two_sites()));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK(node_of(*compiled.plan, "web") == "cloud1");
  CHECK(compiled.plan->placements(0).candidates() == 1);
}

TEST_CASE("an unknown require fails and an unknown deny denies") {
  for (auto verb : {Rule::REQUIRE, Rule::DENY}) {
    proto::Intent intent;
    add_workload(intent, "web");
    add_rule(intent, rule(verb, ref("node.tpm"), "... node.tpm"));
    auto compiled = compiler::compile(inputs(intent, two_sites()));
    CHECK_FALSE(compiled.plan);
    CHECK(has(compiled, "N0501"));
    CHECK(said(compiled).find("node.tpm of") != std::string::npos);
  }
}

TEST_CASE("what is false on one side needs no fact on the other") {
  proto::Intent intent;
  add_workload(intent, "web"); // its data class is not said
  add_rule(intent, rule(Rule::DENY,
                        op(Expr::AND, op(Expr::EQ, ref("workload.data.class"), word("personal")),
                           in_country("GR")),
                        "deny ..."));
  auto compiled = compiler::compile(inputs(intent, two_sites()));
  REQUIRE(compiled.plan);
  CHECK(node_of(*compiled.plan, "web") == "cloud1");
  CHECK(compiled.plan->placements(0).candidates() == 1);
}

TEST_CASE("where narrows what a rule is about, also by facts of nodes") {
  proto::Intent intent;
  add_workload(intent, "a");
  add_workload(intent, "b");
  Rule only_a = rule(Rule::REQUIRE, in_country("FR"), "require FR where a");
  *only_a.mutable_where() = op(Expr::EQ, ref("workload.name"), text("a"));
  add_rule(intent, only_a);
  Rule on_edges = rule(Rule::DENY, op(Expr::EQ, ref("workload.name"), text("b")), "deny b on edge");
  *on_edges.mutable_where() = op(Expr::EQ, ref("node.class"), word("cloud"));
  add_rule(intent, on_edges);
  auto compiled = compiler::compile(inputs(intent, two_sites()));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK(node_of(*compiled.plan, "a") == "cloud1");
  CHECK(node_of(*compiled.plan, "b") == "gw1");
}

TEST_CASE("rules that cannot hold together are named with their nodes and values") {
  proto::Intent intent;
  add_workload(intent, "web");
  add_rule(intent, rule(Rule::REQUIRE, in_country("FR"), "require node.site.country == \"FR\""));
  add_rule(intent, rule(Rule::REQUIRE, op(Expr::EQ, ref("node.class"), word("edge")),
                        "require node.class == edge"));
  add_rule(intent, rule(Rule::DENY, op(Expr::EQ, ref("node.class"), word("hpc")),
                        "deny node.class == hpc"));
  auto compiled = compiler::compile(inputs(intent, two_sites()));
  REQUIRE_FALSE(compiled.plan);
  REQUIRE(has(compiled, "N0501"));
  const std::string text = said(compiled);
  CHECK(text.find("policy p1: require node.site.country == \"FR\"") != std::string::npos);
  CHECK(text.find("excludes gw1") != std::string::npos);
  CHECK(text.find("policy p2: require node.class == edge") != std::string::npos);
  CHECK(text.find("excludes cloud1") != std::string::npos);
  CHECK(text.find("hpc") == std::string::npos);
}

TEST_CASE("a rule about the workload alone refuses it at once") {
  proto::Intent intent;
  add_workload(intent, "web");
  Rule written = rule(Rule::REQUIRE, op(Expr::EQ, ref("workload.data.class"), word("public")),
                      "require workload.data.class == public");
  written.mutable_otherwise()->mutable_literal()->set_text("SEC-1: public data only");
  add_rule(intent, written);
  auto compiled = compiler::compile(inputs(intent, two_sites()));
  CHECK_FALSE(compiled.plan);
  CHECK(has(compiled, "N0504"));
  CHECK(said(compiled).find("SEC-1: public data only") != std::string::npos);
}

TEST_CASE("a formula that has no value is an error, not a verdict") {
  proto::Intent intent;
  add_workload(intent, "web");
  add_rule(intent, rule(Rule::REQUIRE,
                        op(Expr::LE, op(Expr::DIV, amount(1, 1, ""), amount(0, 1, "")),
                           ref("workload.replicas")),
                        "require 1 / 0 <= workload.replicas"));
  auto compiled = compiler::compile(inputs(intent, two_sites()));
  CHECK_FALSE(compiled.plan);
  CHECK(has(compiled, "N0511"));
}

TEST_CASE("selections restrict through `on`") {
  proto::Intent intent;
  proto::Select *select = intent.add_selects();
  select->set_name("near");
  *select->add_rules() =
      rule(Rule::REQUIRE, op(Expr::EQ, ref("node.class"), word("edge")), "require edge");
  add_workload(intent, "web")->mutable_place()->add_on("near");
  auto compiled = compiler::compile(inputs(intent, two_sites()));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK(node_of(*compiled.plan, "web") == "gw1");
}
