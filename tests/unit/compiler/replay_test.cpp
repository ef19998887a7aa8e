// Every stage can be dumped and taken up again, with the same plan to the byte.
#include <catch2/catch.hpp>

#include "models.h"

using namespace nemo;
using namespace nemo::test;

namespace {

Inputs example() {
  proto::Intent intent;
  add_workload(intent, "app")->set_replicas_min(2);
  proto::Workload *web = add_workload(intent, "web");
  web->add_after("app");
  web->mutable_ports(0)->set_number(8080);
  proto::Inventory *ghost = intent.add_inventory();
  ghost->set_kind("node");
  ghost->set_name("ghost");
  return inputs(intent, two_sites());
}

} // namespace

TEST_CASE("replaying the dump of any stage gives the same bytes") {
  const Inputs given = example();
  const auto whole = compiler::compile(given);
  INFO(said(whole));
  REQUIRE(whole.plan);
  CHECK(has(whole, "N0509"));
  for (llvm::StringRef stage : compiler::stages()) {
    INFO(stage.str());
    const auto stopped = compiler::compile(given, stage);
    REQUIRE_FALSE(stopped.dump.empty());
    auto again = compiler::replay(stopped.dump);
    REQUIRE(bool(again));
    REQUIRE(again->plan);
    CHECK(again->plan->SerializeAsString() == whole.plan->SerializeAsString());
    CHECK(said(*again) == said(whole));
  }
}

TEST_CASE("a damaged dump is refused") {
  const std::string dump = compiler::compile(example(), "placement").dump;
  for (std::string bad : {std::string("{}"), std::string("not json"), std::string(),
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
