// What members write into the bucket of those who decide: who leads, which plan is asked about and
// approved, which nodes are closed.
#include "support.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;
using proto::Signed;

TEST_CASE("the lead is claimed by who may decide, and only operators approve plans") {
  const World world;
  auto problem = [&](const std::string &bytes, const Expectation &expected) {
    return said(verify(bytes, expected, world.trust()));
  };
  const Member ctl = world.member(Role::controller, "c1"), op = world.member(Role::operator_, "op");
  proto::Statement claim = world.statement();
  claim.mutable_lease_grant()->set_lease("lead");
  claim.mutable_lease_grant()->set_holder(ctl.id.text());
  claim.mutable_lease_grant()->set_nonce(std::string(16, 'n'));
  const std::string bytes = good(sign(claim, ctl.signer()));
  const UnixNanos later = world.now + 10min;
  CHECK(problem(bytes, Expectation::lead("shop.example", "lead", world.now)).empty());
  CHECK(problem(bytes, Expectation::lead("shop.example", "lead", later)).empty());
  CHECK_THAT(problem(bytes, Expectation::lead("shop.example", "other", world.now)),
             has("is of another lease"));
  CHECK_THAT(said(sign(claim, world.member(Role::viewer, "v").signer())), has("may not sign"));

  proto::Statement asked = world.statement(), approval = world.statement();
  asked.mutable_plan_asked()->set_plan_digest("short");
  CHECK_THAT(said(sign(asked, ctl.signer())), has("is no plan"));
  asked.mutable_plan_asked()->set_plan_digest(std::string(32, 'd'));
  approval.mutable_plan_approval()->set_plan_digest(std::string(32, 'd'));
  auto of = [&](Kind kind, UnixNanos at) { return Expectation::of_plan(kind, "shop.example", at); };
  const std::string said_asked = good(sign(asked, ctl.signer()));
  CHECK(problem(said_asked, of(Signed::PLAN_ASKED, world.now)).empty());
  CHECK_THAT(said(sign(approval, ctl.signer())), has("may not sign approval of a plan"));
  const std::string yes = good(sign(approval, op.signer()));
  CHECK(problem(yes, of(Signed::PLAN_APPROVAL, world.now)).empty());
  CHECK_THAT(problem(yes, of(Signed::PLAN_ASKED, world.now)), has("another kind"));
  CHECK_FALSE(problem(yes, of(Signed::PLAN_APPROVAL, world.now + 25h)).empty());
}

TEST_CASE("a cordon is of one node, by an operator, and stands when it has run out") {
  const World world;
  auto problem = [&](const std::string &bytes, const Expectation &expected) {
    return said(verify(bytes, expected, world.trust()));
  };
  const SpiffeId n1{world.fleet, Role::node, "n1"};
  const Member op = world.member(Role::operator_, "alice");
  proto::Statement order = world.statement(24h);
  order.set_node("n1");
  order.set_generation(2);
  order.mutable_cordon()->set_state(proto::CordonOrder::DRAINED);
  order.mutable_cordon()->set_reason("its disk fails");
  const std::string bytes = good(sign(order, op.signer()));
  CHECK(problem(bytes, Expectation::cordon(n1, {}, world.now)).empty());
  CHECK_THAT(
      problem(bytes, Expectation::cordon(SpiffeId{world.fleet, Role::node, "n2"}, {}, world.now)),
      has("for the node 'n1', not for n2"));
  auto late = verify(bytes, Expectation::cordon(n1, {}, world.now + 48h), world.trust());
  REQUIRE(static_cast<bool>(late));
  CHECK(late->expired);
  // The one before it does not come back.
  proto::Statement before = order;
  before.set_generation(1);
  before.mutable_cordon()->set_state(proto::CordonOrder::OPEN);
  CHECK_THAT(
      problem(good(sign(before, op.signer())), Expectation::cordon(n1, late->mark(), world.now)),
      !Catch::Matchers::Equals(""));
  for (const Role role : {Role::controller, Role::viewer, Role::node})
    CHECK_THAT(said(sign(order, world.member(role, "n1").signer())), has("may not sign cordon"));
  order.mutable_cordon()->set_reason(std::string(1001, 'x'));
  CHECK_THAT(said(sign(order, op.signer())), has("at most 1000 bytes"));
  order.mutable_cordon()->set_reason("\xff");
  CHECK_THAT(said(sign(order, op.signer())), has("UTF-8"));
}
