#include <catch2/catch.hpp>

#include "orchestrator/loop/policy.h"

namespace nemo::loop {

namespace {

Policy good(const char *text) {
  auto policy = Policy::parse(text);
  REQUIRE(bool(policy));
  return *policy;
}

std::string refused(const char *text) {
  auto policy = Policy::parse(text);
  REQUIRE(!policy);
  return llvm::toString(policy.takeError());
}

proto::Plan plan(std::vector<const char *> verbs, std::optional<int64_t> before,
                 std::optional<int64_t> after) {
  proto::Plan plan;
  for (const char *verb : verbs)
    plan.add_actions()->set_verb(verb);
  if (before)
    plan.mutable_before()->set_ueur_per_hour(*before);
  if (after)
    plan.mutable_after()->set_ueur_per_hour(*after);
  return plan;
}

} // namespace

TEST_CASE("a policy is read as it is written, and back") {
  CHECK(good("auto").text() == "auto");
  CHECK(good(" manual ").text() == "manual");
  CHECK(good("manual").manual);
  const Policy within = good("auto within { moves = 5; cost = 0.10EUR/h }");
  CHECK(within.moves == 5u);
  CHECK(within.ueur_per_hour == 100'000);
  CHECK_FALSE(within.manual);
  const Policy again = good(within.text().c_str());
  CHECK(again.moves == within.moves);
  CHECK(again.ueur_per_hour == within.ueur_per_hour);
  CHECK(good("auto within{cost=1EUR/h,moves=0}").moves == 0u);
}

TEST_CASE("what is no policy is refused with the forms that are") {
  CHECK_THAT(refused("always"), Catch::Contains("auto within { moves = 5"));
  CHECK_THAT(refused("auto within { }"), Catch::Contains("is no policy"));
  CHECK_THAT(refused("auto within moves = 5"), Catch::Contains("is no policy"));
  CHECK_THAT(refused("auto within { moves = -1 }"), Catch::Contains("no number of replicas"));
  CHECK_THAT(refused("auto within { moves = 99999999999999999999 }"),
             Catch::Contains("no number of replicas"));
  CHECK_THAT(refused("auto within { cost = 5GiB }"), Catch::Contains("is no cost"));
  CHECK_THAT(refused("auto within { moves = 1; moves = 2 }"), Catch::Contains("twice"));
  CHECK_THAT(refused("manual within { moves = 1 }"), Catch::Contains("is no policy"));
}

TEST_CASE("a plan within the limits needs nobody, and one beyond says why") {
  const Policy within = good("auto within { moves = 2; cost = 0.10EUR/h }");
  CHECK(objections(good("auto"), plan({"delete", "delete", "delete"}, {}, {})).empty());
  CHECK(objections(good("manual"), plan({}, 0, 0)).size() == 1);
  CHECK(objections(within, plan({"move", "replace", "create", "keep"}, 0, 100'000)).empty());
  CHECK(objections(within, plan({"move", "replace", "delete"}, 0, 0)).front() ==
        "it moves, replaces or takes away 3 replicas, and 2 may be");
  CHECK(objections(within, plan({}, 50'000, 150'001)).size() == 1);
  CHECK(objections(within, plan({}, INT64_MIN, INT64_MAX)).size() == 1);
  CHECK(objections(within, plan({}, 500'000, 100)).empty());
  // Unknown is not nothing.
  CHECK(objections(within, plan({}, 0, {})).size() == 1);
  CHECK(objections(within, plan({}, {}, 0)).size() == 1);
}

} // namespace nemo::loop
