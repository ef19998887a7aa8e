// Figures and what is expected of them: models, margins, unknown facts, objectives.
#include <catch2/catch.hpp>

#include "models.h"

using namespace nemo;
using namespace nemo::test;
using proto::Expr;
using proto::Rule;

namespace {

// One workload of a core and a gibibyte.
proto::Intent one() {
  proto::Intent intent;
  proto::Workload *web = add_workload(intent, "web");
  web->mutable_resources()->set_cpu_millicores(1000);
  web->mutable_resources()->set_memory_bytes(1 << 30);
  return intent;
}

proto::Objective *objective(proto::Intent &intent, Rule written) {
  proto::Objective *objective = intent.add_objectives();
  objective->set_name("o" + std::to_string(intent.objectives_size()));
  *objective->add_rules() = std::move(written);
  return objective;
}

Expr euro_per_ton(int64_t euro) { return amount(euro, 1000000, "EUR gCO2e^-1", "EUR/tCO2e"); }
Expr watts(int64_t value) { return amount(value, 1, "J s^-1", "W"); }

} // namespace

TEST_CASE("figures follow the named models") {
  // A quarter of gw1: 9 W x 1/4 + 3 W x 1/4 = 3 W; 3 W x 350 g/kWh = 1.05 g/h;
  // 0.010 EUR/h / 4 + 0.003 kW x 0.21 EUR/kWh = 0.00313 EUR/h.
  auto compiled = compiler::compile(inputs(one(), two_sites()));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  const proto::Plan &plan = *compiled.plan;
  CHECK(node_of(plan, "web") == "gw1");
  CHECK(plan.after().milliwatts() == 3000);
  CHECK(plan.after().mg_co2e_per_hour() == 1050);
  CHECK(plan.after().ueur_per_hour() == 3130);
  CHECK(plan.before().ueur_per_hour() == 0);
  CHECK(plan.placements(0).cost_ueur_per_hour() == 3130);
  CHECK(plan.objective().value_ueur_per_hour() == 3130);
  CHECK(plan.objective().bound_ueur_per_hour() == 3130);
  CHECK(plan.objective().gap() == 0);
  CHECK(plan.placements(0).runner_up() == "cloud1");
  CHECK(plan.after().models(0).missing().empty());
}

TEST_CASE("a figure without its fact is null, and says which fact") {
  proto::Fleet fleet = two_sites();
  for (proto::Node &node : *fleet.mutable_nodes())
    node.clear_power_max_mw();
  auto compiled = compiler::compile(inputs(one(), fleet));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK_FALSE(compiled.plan->after().has_milliwatts());
  CHECK_FALSE(compiled.plan->after().has_ueur_per_hour());
  CHECK_FALSE(compiled.plan->objective().has_value_ueur_per_hour());
  CHECK_FALSE(compiled.plan->objective().has_bound_ueur_per_hour());
  CHECK_FALSE(compiled.plan->placements(0).has_cost_ueur_per_hour());
  CHECK(compiled.plan->after().models(1).missing().find("power.max of") == 0);
}

TEST_CASE("a carbon price moves the workload to the clean site, and weights count the same") {
  proto::Intent intent = one();
  Rule carbon = rule(Rule::MINIMIZE, ref("carbon"), "minimize carbon");
  SECTION("alone, in its own unit") {
    objective(intent, carbon);
    auto compiled = compiler::compile(inputs(intent, two_sites()));
    INFO(said(compiled));
    REQUIRE(compiled.plan);
    CHECK(node_of(*compiled.plan, "web") == "cloud1");
    CHECK_FALSE(compiled.plan->objective().has_value_ueur_per_hour());
  }
  SECTION("with a price that outweighs the cost") {
    objective(intent,
              rule(Rule::MINIMIZE,
                   op(Expr::ADD, ref("cost"), op(Expr::MUL, ref("carbon"), euro_per_ton(80000000))),
                   "minimize cost + carbon * 80000000EUR/tCO2e"));
    auto compiled = compiler::compile(inputs(intent, two_sites()));
    REQUIRE(compiled.plan);
    CHECK(node_of(*compiled.plan, "web") == "cloud1");
    const int64_t value = compiled.plan->objective().value_ueur_per_hour();
    proto::Intent weighted = one();
    objective(weighted, rule(Rule::MINIMIZE, ref("cost"), "minimize cost"));
    *carbon.mutable_weight() = euro_per_ton(80000000).literal().quantity();
    objective(weighted, carbon);
    auto same = compiler::compile(inputs(weighted, two_sites()));
    INFO(said(same));
    REQUIRE(same.plan);
    CHECK(same.plan->objective().value_ueur_per_hour() == value);
  }
  SECTION("without a price they cannot be added up") {
    objective(intent, rule(Rule::MINIMIZE, ref("cost"), "minimize cost"));
    objective(intent, carbon);
    CHECK(has(compiler::compile(inputs(intent, two_sites())), "N0506"));
  }
}

TEST_CASE("an objective that is not linear is refused") {
  for (const Expr &formula :
       {op(Expr::MUL, ref("cost"), ref("energy")), op(Expr::DIV, amount(1, 1, ""), ref("cost")),
        op(Expr::ADD, ref("cost"), amount(1, 1, "EUR s^-1")), ref("latency.p99")}) {
    proto::Intent intent = one();
    objective(intent, rule(Rule::MINIMIZE, formula, "minimize ..."));
    auto compiled = compiler::compile(inputs(intent, two_sites()));
    CHECK_FALSE(compiled.plan);
    CHECK(has(compiled, "N0505"));
  }
}

TEST_CASE("expectations carry prediction, limit and margin") {
  proto::Intent intent = one();
  *intent.mutable_workloads(0)->add_slo() =
      rule(Rule::REQUIRE, op(Expr::LE, ref("energy"), watts(4)), "require energy <= 4W");
  *intent.mutable_workloads(0)->add_slo() =
      rule(Rule::PREFER, op(Expr::GE, watts(2), ref("energy")), "prefer 2W >= energy");
  auto compiled = compiler::compile(inputs(intent, two_sites()));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  const proto::Expectation &first = compiled.plan->expectations(0);
  CHECK(first.object() == "workload.web");
  CHECK(first.met());
  CHECK(first.margin() == Approx(0.25));
  CHECK(first.model() == "linear-share");
  const proto::Expectation &second = compiled.plan->expectations(1);
  CHECK_FALSE(second.met());
  CHECK(second.margin() == Approx(-0.5));
}

TEST_CASE("a require that fails or that nothing predicts stops the plan; a prefer does not") {
  for (bool hard : {true, false}) {
    proto::Intent intent = one();
    const Rule::Verb verb = hard ? Rule::REQUIRE : Rule::PREFER;
    *intent.mutable_workloads(0)->add_slo() =
        rule(verb, op(Expr::LE, ref("energy"), watts(2)), "energy <= 2W");
    *intent.mutable_workloads(0)->add_slo() =
        rule(verb, op(Expr::LE, ref("latency.p99"), amount(1, 50, "s", "ms")), "latency");
    auto compiled = compiler::compile(inputs(intent, two_sites()));
    CHECK(compiled.plan.has_value() == !hard);
    CHECK(has(compiled, "N0604") == hard);
    CHECK(has(compiled, "N0605") == hard);
    if (!hard) {
      CHECK_FALSE(compiled.plan->expectations(1).has_met());
      CHECK(compiled.plan->expectations(1).detail() == "unknown: load of workload web");
    }
  }
}

TEST_CASE("a policy on figures covers the workloads that its where selects") {
  proto::Intent intent = one();
  add_workload(intent, "batch")->mutable_resources()->set_cpu_millicores(2000);
  proto::Policy *policy = intent.add_policies();
  policy->set_name("frugal");
  Rule written = rule(Rule::DENY, op(Expr::GT, ref("energy"), watts(4)), "deny energy > 4W");
  *written.mutable_where() = op(Expr::EQ, ref("workload.name"), text("web"));
  *policy->add_rules() = written;
  auto compiled = compiler::compile(inputs(intent, two_sites()));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK(compiled.plan->expectations(0).verb() == "deny");
  CHECK(compiled.plan->expectations(0).met());
}

TEST_CASE("a preference about nodes is shown with what was found") {
  proto::Intent intent = one();
  *intent.mutable_workloads(0)->mutable_place()->add_rules() =
      rule(Rule::PREFER, op(Expr::EQ, ref("node.class"), word("cloud")), "prefer cloud");
  auto compiled = compiler::compile(inputs(intent, two_sites()));
  REQUIRE(compiled.plan);
  REQUIRE(compiled.plan->expectations_size() == 1);
  CHECK_FALSE(compiled.plan->expectations(0).met());
  CHECK(compiled.plan->expectations(0).detail().find("edge") != std::string::npos);
}

TEST_CASE("quotas of resources are hard, quotas of rates are predicted") {
  proto::Intent intent = one();
  intent.mutable_workloads(0)->set_tenant("acme");
  proto::Tenant *tenant = intent.add_tenants();
  tenant->set_name("acme");
  SECTION("cpu") {
    tenant->mutable_quota()->set_cpu_millicores(900);
    auto compiled = compiler::compile(inputs(intent, two_sites()));
    CHECK_FALSE(compiled.plan);
    CHECK(has(compiled, "N0507"));
  }
  SECTION("energy") {
    proto::Attribute *rate = tenant->add_quota_rates();
    rate->set_name("energy");
    *rate->mutable_value() = watts(2).literal();
    CHECK(has(compiler::compile(inputs(intent, two_sites())), "N0604"));
    *rate->mutable_value() = watts(5).literal();
    auto compiled = compiler::compile(inputs(intent, two_sites()));
    REQUIRE(compiled.plan);
    CHECK(compiled.plan->expectations(0).object() == "tenant.acme");
  }
}
