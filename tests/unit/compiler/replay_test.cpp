// Every stage can be dumped and taken up again, with the same plan to the byte.
#include <catch2/catch.hpp>

#include "models.h"

using namespace nemo;
using namespace nemo::test;

namespace {

Inputs example() {
  proto::Intent intent;
  proto::Workload *app = add_workload(intent, "app");
  app->set_replicas_min(2);
  app->set_replicas_max(2);
  proto::Workload *web = add_workload(intent, "web");
  web->add_after("app");
  web->mutable_ports(0)->set_number(8080);
  proto::Inventory *ghost = intent.add_inventory();
  ghost->set_kind("node");
  ghost->set_name("ghost");
  return inputs(intent, two_sites());
}

// A cluster to choose, and more replicas than there is room for.
Inputs crowded() {
  Inputs given = example();
  proto::Select *any = given.intent.add_selects();
  any->set_name("any");
  proto::Cluster *cluster = given.intent.add_clusters();
  cluster->set_name("lab");
  cluster->add_on("any");
  cluster->set_nodes_min(1);
  cluster->set_nodes_max(1);
  cluster->set_controllers(1);
  proto::Workload *fill = add_workload(given.intent, "fill");
  fill->set_replicas_min(4000);
  fill->set_replicas_max(4000);
  fill->set_priority(1);
  fill->mutable_place()->add_on("lab");
  return given;
}

void check_replays(const Inputs &given) {
  const auto whole = compiler::compile(given);
  INFO(said(whole));
  REQUIRE(whole.plan);
  for (llvm::StringRef stage : compiler::stages()) {
    INFO(stage.str());
    const auto stopped = compiler::compile(given, stage);
    REQUIRE_FALSE(stopped.dump.empty());
    auto again = compiler::replay(stopped.dump);
    if (!again)
      FAIL(llvm::toString(again.takeError()));
    REQUIRE(again->plan);
    CHECK(again->plan->SerializeAsString() == whole.plan->SerializeAsString());
    CHECK(said(*again) == said(whole));
  }
}

} // namespace

TEST_CASE("replaying the dump of any stage gives the same bytes") {
  CHECK(has(compiler::compile(example()), "N0509"));
  check_replays(example());
}

TEST_CASE("what was decided beside the intent is decided again in a replay") {
  const auto whole = compiler::compile(crowded());
  INFO(said(whole));
  REQUIRE(whole.plan);
  CHECK(whole.plan->clusters(0).nodes_size() == 1);
  CHECK(whole.plan->waiting_size() > 0);
  check_replays(crowded());
}

TEST_CASE("a damaged dump is refused") {
  const std::string dump = compiler::compile(example(), "placement").dump;
  for (const std::string &bad : {std::string("{}"), std::string("not json"), std::string(),
                                 dump.substr(0, dump.size() / 2)}) {
    auto result = compiler::replay(bad);
    CHECK_FALSE(bool(result));
    llvm::consumeError(result.takeError());
  }
  std::string elsewhere = dump;
  size_t at = elsewhere.rfind("\"candidates\"");
  REQUIRE(at != std::string::npos);
  elsewhere.insert(at, "\"node\": 4000000, ");
  auto result = compiler::replay(elsewhere);
  CHECK_FALSE(bool(result));
  llvm::consumeError(result.takeError());
  std::string endless = dump;
  at = endless.find("\"replicas_min\": 2");
  REQUIRE(at != std::string::npos);
  endless.replace(at, 17, "\"replicas_min\": 4000000000");
  auto refused = compiler::replay(endless);
  CHECK_FALSE(bool(refused));
  llvm::consumeError(refused.takeError());
}

TEST_CASE("the seed orders nodes that cost the same, and nothing else") {
  proto::Fleet fleet = two_sites();
  fleet.clear_nodes();
  for (int n = 0; n < 9; ++n)
    add_node(fleet, "n" + std::to_string(n), "athens", 1000, 1 << 30);
  proto::Intent intent;
  add_workload(intent, "web");
  Inputs given = inputs(intent, fleet);
  auto first = compiler::compile(given);
  REQUIRE(first.plan);
  CHECK(node_of(*first.plan, "web") == "n0");
  bool other = false;
  for (uint64_t seed = 2; seed < 10; ++seed) {
    given.seed = seed;
    auto a = compiler::compile(given), b = compiler::compile(given);
    REQUIRE(a.plan);
    CHECK(a.plan->SerializeAsString() == b.plan->SerializeAsString());
    other |= node_of(*a.plan, "web") != "n0";
  }
  CHECK(other);
}
