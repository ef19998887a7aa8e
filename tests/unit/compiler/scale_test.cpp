// The size that the compiler is made for. What it takes is printed by `--durations yes`; nothing
// here asserts on time.
#include <catch2/catch.hpp>

#include "models.h"

using namespace nemo;
using namespace nemo::test;

TEST_CASE("ten thousand workloads on a thousand nodes", "[scale]") {
  proto::Fleet fleet;
  fleet.set_at("2026-11-24T08:00:00Z");
  const char *countries[] = {"GR", "FR", "DE", "PT", "ES", "IT", "US", "NL", "PL", "SE"};
  for (int s = 0; s < 10; ++s) {
    proto::Site *site = fleet.add_sites();
    site->set_name("site" + std::to_string(s));
    site->set_country(countries[s]);
    site->set_carbon_mg_per_kwh(static_cast<uint64_t>(50000 + 40000 * s));
    site->set_price_neur_per_kwh(static_cast<uint64_t>(200000000 + 10000000 * s));
  }
  for (int n = 0; n < 1000; ++n) {
    proto::Node *node = add_node(fleet, "node" + std::to_string(n), "site" + std::to_string(n % 10),
                                 32000, uint64_t{64} << 30);
    node->set_power_idle_mw(static_cast<uint64_t>(60000 + n % 7 * 1000));
    node->set_power_max_mw(250000);
    node->set_price_neur_per_hour(static_cast<uint64_t>(300000000 + n % 13 * 10000000));
  }
  proto::Intent intent;
  for (int w = 0; w < 10000; ++w) {
    proto::Workload *workload = add_workload(intent, "w" + std::to_string(w));
    workload->mutable_resources()->set_cpu_millicores(static_cast<uint64_t>(500 + w % 400 * 10));
    workload->mutable_resources()->set_memory_bytes(uint64_t{1} << (24 + w % 8));
    workload->mutable_data()->set_data_class(w % 3 ? "internal" : "personal");
  }
  proto::Policy *policy = intent.add_policies();
  policy->set_name("residency");
  *policy->add_rules() =
      rule(proto::Rule::DENY,
           op(proto::Expr::AND, op(proto::Expr::EQ, ref("workload.data.class"), word("personal")),
              op(proto::Expr::EQ, ref("node.site.country"), text("US"))),
           "deny workload.data.class == personal and node.site.country == \"US\"");
  *policy->add_rules() =
      rule(proto::Rule::REQUIRE, op(proto::Expr::NE, ref("workload.name"), text("w-none")),
           "require workload.name != \"w-none\"");
  proto::Rule one =
      rule(proto::Rule::REQUIRE, op(proto::Expr::EQ, ref("node.site.country"), text("FR")),
           "require node.site.country == \"FR\" where workload.name == \"w7\"");
  *one.mutable_where() = op(proto::Expr::EQ, ref("workload.name"), text("w7"));
  *policy->add_rules() = one;
  const Compiled compiled = compiler::compile(inputs(intent, fleet));
  INFO(said(compiled));
  REQUIRE(compiled.plan);
  CHECK(compiled.plan->placements_size() == 10000);
  CHECK(compiled.plan->objective().has_bound_ueur_per_hour());
  CHECK(compiled.plan->objective().bound_ueur_per_hour() <=
        compiled.plan->objective().value_ueur_per_hour());
}
