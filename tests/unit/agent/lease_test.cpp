// What runs only by a lease: when it is started, and what is refused.
#include <catch2/catch.hpp>

#include "runtime-agent/core/check.h"
#include "runtime-agent/core/decide.h"

using namespace nemo;
using namespace nemo::agent;

namespace {

Item leased(Phase phase, const proto::Instance *desired) {
  Item one;
  one.key = {"s", "w", 0, "a"};
  one.phase = phase;
  one.desired = desired;
  return one;
}

} // namespace

TEST_CASE("what has no lease is not started, and says so; what runs is its supervisor's to end") {
  proto::Instance wanted;
  for (const Phase phase : {Phase::waiting, Phase::backoff, Phase::failed}) {
    Item one = leased(phase, &wanted);
    one.until = 5;
    one.no_lease = "waits for its lease: n2 holds its lease";
    const Decision decision = decide({one}, 10);
    REQUIRE(decision.steps.size() == 1);
    CHECK(decision.steps[0].kind == Step::hold);
    CHECK(decision.steps[0].reason == one.no_lease);
    one.no_lease.clear();
    const Decision then = decide({one}, 10);
    REQUIRE(then.steps.size() == 1);
    CHECK(then.steps[0].kind == Step::start);
  }
  Item live = leased(Phase::live, &wanted);
  live.no_lease = "waits for its lease";
  CHECK(decide({live}, 0).steps.empty());
}

TEST_CASE("a lease that cannot be kept is refused with the part") {
  proto::Part part;
  part.set_stack("s");
  part.set_node("n1");
  proto::Instance &instance = *part.add_instances();
  instance.set_workload("db");
  instance.set_revision("aa01");
  instance.mutable_spec()->add_exec("true");
  instance.mutable_spec()->set_sandbox("process");
  auto said = [&](bool in_fleet) { return llvm::toString(check(part, "n1", in_fleet)); };
  const std::string without = said(true);
  proto::Lease &lease = *instance.mutable_lease();
  lease.set_name("s/db/0");
  lease.set_token(1);
  lease.set_duration_ms(4'000);
  for (const char *granter : {"n1", "n2", "n3"})
    lease.add_granters(granter);
  CHECK(said(true) == without);
  CHECK_THAT(said(false), Catch::Matchers::Contains("is in no fleet"));
  lease.set_granters(2, "n2");
  CHECK_THAT(said(true), Catch::Matchers::Contains("three different nodes"));
  lease.set_granters(2, "n3");
  lease.set_duration_ms(60'000);
  CHECK_THAT(said(true), Catch::Matchers::Contains("1 to 10 seconds"));
  lease.set_duration_ms(4'000);
  lease.set_token(0);
  CHECK_THAT(said(true), Catch::Matchers::Contains("has no name or token"));
}
