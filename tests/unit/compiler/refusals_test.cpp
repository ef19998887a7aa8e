// What cannot be delivered is an error that names object, need and who comes nearest; what cannot
// be enforced is shown.
#include <catch2/catch.hpp>

#include "base/diagnostics/registry.h"
#include "compiler/placement/place.h"
#include "compiler/placement/report.h"
#include "compiler/resolve/names.h"
#include "models.h"

using namespace nemo;
using namespace nemo::test;
using proto::Expr;
using proto::Rule;

namespace {

Compiled plan(const proto::Intent &intent) {
  return compiler::compile(inputs(intent, two_sites()));
}

} // namespace

TEST_CASE("blocks that nothing delivers are refused") {
  proto::Intent intent;
  proto::Workload *web = add_workload(intent, "web");
  SECTION("a network") {
    auto *network = intent.add_objects();
    network->set_kind("network");
    network->add_labels("shop");
  }
  SECTION("a cipher for a flow") {
    auto *flow = intent.add_objects();
    flow->set_kind("flow");
    flow->add_labels("control");
    flow->add_attributes()->set_name("cipher");
    flow->mutable_attributes(0)->mutable_value()->set_enumerator("chacha20");
  }
  SECTION("a rollout inside a workload") { web->add_others()->set_kind("rollout"); }
  SECTION("a tariff") { intent.add_tenants()->add_tariff()->set_name("cpu"); }
  SECTION("rights that sandboxes take away") { web->set_privileged(true); }
  SECTION("an image where processes run") {
    web->clear_exec();
    web->set_image("registry.example/web");
  }
  auto compiled = plan(intent);
  CHECK_FALSE(compiled.plan);
  CHECK(has(compiled, "N0601"));
  CHECK(said(compiled).find("needed: ") != std::string::npos);
}

TEST_CASE("order needs a backend with gates") {
  proto::Intent intent;
  add_workload(intent, "app");
  add_workload(intent, "web")->add_after("app");
  Inputs given = inputs(intent, two_sites());
  given.backend.set_name("plain");
  proto::Capability *deliver = given.backend.add_capabilities();
  deliver->set_name("deliver");
  deliver->set_available(true);
  CHECK(has(compiler::compile(given), "N0601"));
  proto::Capability *gates = given.backend.add_capabilities();
  gates->set_name("gates");
  gates->set_available(true);
  CHECK(compiler::compile(given).plan);
}

TEST_CASE("a sandbox that no node offers is refused with the nodes that come nearest") {
  proto::Intent intent;
  add_workload(intent, "web")->set_sandbox("microvm");
  auto compiled = plan(intent);
  CHECK_FALSE(compiled.plan);
  CHECK(has(compiled, "N0602"));
  CHECK(said(compiled).find("process and container") != std::string::npos);
}

TEST_CASE("of the nodes that cannot, those that know why come first") {
  proto::Fleet fleet = two_sites();
  for (int n = 0; n < 6; ++n)
    add_node(fleet, "a" + std::to_string(n), "athens", 1000, 1 << 30);
  proto::Capability *microvm = add_node(fleet, "z9", "paris", 1000, 1 << 30)->add_capabilities();
  microvm->set_name("sandbox.microvm");
  microvm->set_reason("no /dev/kvm");
  proto::Intent intent;
  add_workload(intent, "web")->set_sandbox("microvm");
  const std::string text = said(compiler::compile(inputs(intent, fleet)));
  CHECK(text.find("workload web needs sandbox.microvm") != std::string::npos);
  CHECK(text.find("  node z9 cannot: no /dev/kvm") != std::string::npos);
}

TEST_CASE("a network of its own needs a node that says it can") {
  proto::Intent intent;
  add_workload(intent, "web")->set_network("own");
  CHECK(has(plan(intent), "N0602"));
  proto::Fleet fleet = two_sites();
  proto::Capability *own = fleet.mutable_nodes(1)->add_capabilities();
  own->set_name("network.own");
  own->set_available(true);
  auto compiled = compiler::compile(inputs(intent, fleet));
  REQUIRE(compiled.plan);
  CHECK(node_of(*compiled.plan, "web") == "cloud1");
}

TEST_CASE("rules that nothing can judge are refused") {
  proto::Intent intent;
  add_workload(intent, "web");
  proto::Policy *policy = intent.add_policies();
  policy->set_name("p");
  Rule written = rule(Rule::REQUIRE, op(Expr::EQ, ref("flow.cipher"), word("chacha20")), "flow");
  SECTION("about flows") {}
  SECTION("triggers") {
    written = rule(Rule::WHEN, op(Expr::EQ, ref("node.class"), word("edge")), "when edge");
  }
  SECTION("figures mixed with nodes") {
    written = rule(Rule::REQUIRE,
                   op(Expr::OR, op(Expr::EQ, ref("node.class"), word("edge")),
                      op(Expr::LE, ref("energy"), amount(1, 1, "J s^-1"))),
                   "mixed");
  }
  SECTION("with an action that nobody takes") {
    written = rule(Rule::REQUIRE, op(Expr::EQ, ref("node.class"), word("edge")), "else rollback");
    written.mutable_otherwise()->mutable_literal()->set_enumerator("rollback");
  }
  *policy->add_rules() = written;
  auto compiled = plan(intent);
  CHECK_FALSE(compiled.plan);
  CHECK(has(compiled, "N0603"));
}

TEST_CASE("what a node cannot enforce is shown, and accepted in the specification") {
  proto::Fleet fleet = two_sites();
  for (const char *name : {"seccomp", "limit.memory"}) {
    proto::Capability *lacking = fleet.mutable_nodes(0)->add_capabilities();
    lacking->set_name(name);
    lacking->set_reason("no such file");
  }
  proto::Intent intent;
  add_workload(intent, "web");
  auto compiled = compiler::compile(inputs(intent, fleet));
  REQUIRE(compiled.plan);
  REQUIRE(compiled.plan->shortfalls_size() == 2);
  CHECK(compiled.plan->shortfalls(0).capability() == "limit.memory");
  CHECK(compiled.plan->shortfalls(0).reason() == "no such file");
  const proto::Spec &spec = compiled.plan->parts(0).instances(0).spec();
  REQUIRE(spec.accept_missing_size() == 2);
  CHECK(spec.accept_missing(1) == "seccomp");
}

TEST_CASE("a search that ended at its limit is told apart from a proof") {
  proto::Intent intent;
  add_workload(intent, "web");
  placement::Problem problem;
  problem.nodes = 1;
  placement::Need need;
  need.count = 1;
  problem.needs.push_back(need);
  problem.replicas.push_back({});
  const proto::Fleet fleet = two_sites();
  CHECK(placement::tell(intent, problem, placement::NotFound(placement::ReplicaId(0))).id ==
        diag::N0502.id);
  for (auto &room : problem.room)
    room.assign(1, 0);
  CHECK(placement::tell(intent, compiler::views(fleet), problem,
                        placement::Infeasible({}, {0}, false))
            .id == diag::N0503.id);
}
