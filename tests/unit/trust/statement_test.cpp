// A hostile broker sees every statement, replays and changes them, and has valid access; each thing
// it can try is refused.
#include "support.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;
using proto::Signed;

namespace {

const std::string digest(32, 'd');

proto::Statement desired(const World &world, const std::string &node = "n1") {
  proto::Statement state = world.statement(24h);
  state.set_node(node);
  state.mutable_desired_state()->set_plan_digest(digest);
  state.mutable_desired_state()->add_tenants("blue");
  return state;
}

proto::Statement heartbeat(const World &world, const std::string &node) {
  proto::Statement beat = world.statement();
  beat.set_node(node);
  beat.mutable_heartbeat()->set_boot_id("b");
  return beat;
}

SpiffeId node_of(const World &world, const std::string &name = "n1") {
  return {world.fleet, Role::node, name};
}

Expectation at_n1(const World &world, Mark mark = {}) {
  return Expectation::desired_state(node_of(world), std::move(mark), world.now);
}

std::string check(const World &world, const std::string &bytes, const Expectation &expected) {
  return said(verify(bytes, expected, world.trust()));
}

/// A controller with a delegation by `op`.
Member controller(const World &world, const Member &op, bool all,
                  const std::vector<std::string> &tenants, std::chrono::seconds lasts = 48h) {
  Member member = world.member(Role::controller, "c1");
  proto::Statement delegation = world.statement(lasts);
  delegation.mutable_delegation()->set_controller(member.id.text());
  delegation.mutable_delegation()->set_key_id(member.key.id());
  delegation.mutable_delegation()->set_all_tenants(all);
  for (const std::string &tenant : tenants)
    delegation.mutable_delegation()->add_tenants(tenant);
  member.delegation = good(sign(delegation, op.signer()));
  return member;
}

/// The envelope, changed by a broker.
template <typename Change> std::string changed(const std::string &bytes, Change change) {
  Signed envelope;
  REQUIRE(envelope.ParseFromString(bytes));
  change(envelope);
  return envelope.SerializeAsString();
}

/// Signed by hand, as sign() would refuse to.
std::string signed_anyway(proto::Statement statement, Signed::Kind kind, const std::string &name,
                          const Member &member) {
  statement.set_fleet(member.id.fleet);
  statement.set_signer(member.id.text());
  Signed envelope;
  envelope.set_kind(kind);
  envelope.set_payload(statement.SerializeAsString());
  envelope.set_key_id(member.key.id());
  for (const std::string &one : member.chain)
    envelope.add_chain(one);
  envelope.set_delegation(member.delegation);
  std::string context = "nemo statement 1";
  context += '\0' + name + '\0';
  envelope.set_signature(good(member.key.sign(context + envelope.payload())));
  return envelope.SerializeAsString();
}

} // namespace

TEST_CASE("desired state by an operator is accepted by its node, as it was signed") {
  const World world;
  const Member op = world.member(Role::operator_, "alice");
  const std::string bytes = good(sign(desired(world), op.signer()));
  const Verified verified = good(verify(bytes, at_n1(world), world.trust()));
  CHECK(verified.signer.id == op.id);
  CHECK(verified.scope.all);
  CHECK(verified.statement.desired_state().plan_digest() == digest);
  CHECK_FALSE(verified.expired);
}

TEST_CASE("what was changed on its way is refused") {
  const World world;
  const Member op = world.member(Role::operator_, "alice"), node = world.member(Role::node, "n1");
  const std::string bytes = good(sign(desired(world), op.signer()));
  CHECK_THAT(
      check(world, changed(bytes, [](Signed &s) { s.mutable_payload()->back() ^= 1; }),
            at_n1(world)),
      has("the signature of desired state by spiffe://shop.example/operator/alice is wrong"));
  CHECK_THAT(check(world, changed(bytes, [](Signed &s) { s.mutable_signature()->back() ^= 1; }),
                   at_n1(world)),
             has("is wrong"));
  CHECK_THAT(check(world, changed(bytes, [](Signed &s) { s.clear_signature(); }), at_n1(world)),
             has("is wrong"));
  CHECK_THAT(
      check(world, changed(bytes, [&](Signed &s) { s.set_key_id(node.key.id()); }), at_n1(world)),
      has("names another key"));
  // Somebody else's certificate beside the signature.
  CHECK_THAT(check(world,
                   changed(bytes,
                           [&](Signed &s) {
                             s.set_chain(0, node.chain.front());
                             s.set_key_id(node.key.id());
                           }),
                   at_n1(world)),
             has("is wrong"));
  CHECK_THAT(check(world, changed(bytes, [](Signed &s) { s.clear_chain(); }), at_n1(world)),
             has("a chain of 0"));
  CHECK_THAT(check(world, changed(bytes, [](Signed &s) { s.set_delegation("x"); }), at_n1(world)),
             has("came with a delegation"));
  CHECK_THAT(check(world, "\xff\xff", at_n1(world)), has("cannot be read"));
  CHECK_THAT(check(world, "", at_n1(world)), has("another kind"));
}

TEST_CASE("a signature of one kind is none of another") {
  const World world;
  const Member node = world.member(Role::node, "n1");
  const std::string beat = good(sign(heartbeat(world, "n1"), node.signer()));
  const Expectation report = Expectation::of_node(Signed::REPORT, node.id, {}, world.now);
  CHECK_THAT(check(world, beat, report), has("another kind"));
  CHECK_THAT(check(world, changed(beat, [](Signed &s) { s.set_kind(Signed::REPORT); }), report),
             has("is wrong"));
  // The right context around the wrong body.
  CHECK_THAT(
      check(world, signed_anyway(heartbeat(world, "n1"), Signed::REPORT, "report", node), report),
      has("holds something else"));
}

TEST_CASE("each kind is signed by the roles that may, and by no other") {
  const World world;
  for (const Role role : {Role::node, Role::viewer, Role::broker, Role::authority}) {
    const Member member = world.member(role, "n1");
    CHECK_THAT(said(sign(desired(world), member.signer())), has("may not sign desired state"));
    CHECK_THAT(check(world,
                     signed_anyway(desired(world), Signed::DESIRED_STATE, "desired state", member),
                     at_n1(world)),
               has("may not sign desired state: its role is " + to_text(role).str()));
  }
  const Member op = world.member(Role::operator_, "n1");
  Expectation of_op = Expectation::of_node(Signed::HEARTBEAT, op.id, {}, world.now);
  CHECK_THAT(check(world, signed_anyway(heartbeat(world, "n1"), Signed::HEARTBEAT, "heartbeat", op),
                   of_op),
             has("may not sign heartbeat"));
  proto::Statement list = world.statement();
  list.mutable_revocations();
  CHECK_THAT(check(world, signed_anyway(list, Signed::REVOCATIONS, "revocations", op),
                   Expectation::of_fleet(Signed::REVOCATIONS, world.fleet, {}, world.now)),
             has("may not sign revocations"));
}

TEST_CASE("nobody speaks for another node, and no state is taken for another's") {
  const World world;
  const Member n1 = world.member(Role::node, "n1"), n2 = world.member(Role::node, "n2");
  const std::string beat = good(sign(heartbeat(world, "n1"), n1.signer()));
  CHECK(check(world, beat, Expectation::of_node(Signed::HEARTBEAT, n1.id, {}, world.now)).empty());
  CHECK_THAT(check(world, beat, Expectation::of_node(Signed::HEARTBEAT, n2.id, {}, world.now)),
             has("not by"));
  CHECK_THAT(check(world, signed_anyway(heartbeat(world, "n2"), Signed::HEARTBEAT, "heartbeat", n1),
                   Expectation::of_node(Signed::HEARTBEAT, n1.id, {}, world.now)),
             has("spoke for the node 'n2'"));
  const Member op = world.member(Role::operator_, "alice");
  CHECK_THAT(check(world, good(sign(desired(world, "n2"), op.signer())), at_n1(world)),
             has("for the node 'n2', not for n1"));
  CHECK_THAT(said(sign(desired(world, ""), op.signer())), has("for the node ''"));
}

TEST_CASE("a lease grant answers one request, by the granter that was asked") {
  const World world;
  const Member granter = world.member(Role::node, "n1"), other = world.member(Role::node, "n2");
  const std::string nonce = random_bytes(16);
  auto grant = [&](const std::string &answers) {
    proto::Statement statement = world.statement();
    statement.mutable_lease_grant()->set_lease("shop/0");
    statement.mutable_lease_grant()->set_holder(other.id.text());
    statement.mutable_lease_grant()->set_nonce(answers);
    return statement;
  };
  const std::string bytes = good(sign(grant(nonce), granter.signer()));
  auto asked = [&](const SpiffeId &by, const std::string &lease, const SpiffeId &holder,
                   const std::string &with) {
    return check(world, bytes, Expectation::lease_grant(by, lease, holder, with, world.now));
  };
  CHECK(asked(granter.id, "shop/0", other.id, nonce).empty());
  CHECK_THAT(asked(granter.id, "shop/0", other.id, random_bytes(16)), has("another request"));
  CHECK_THAT(asked(other.id, "shop/0", other.id, nonce), has("not by"));
  CHECK_THAT(asked(granter.id, "shop/1", other.id, nonce), has("is of another lease"));
  CHECK_THAT(asked(granter.id, "shop/0", granter.id, nonce), has("to another holder"));
  CHECK_THAT(said(sign(grant("short"), granter.signer())), has("a nonce of 16 to 64 bytes"));
}

TEST_CASE("a question is to one node, by who may ask") {
  const World world;
  proto::Statement asked = world.statement();
  asked.set_node("n1");
  asked.mutable_question()->set_nonce(std::string(16, 'n'));
  CHECK_THAT(said(sign(asked, world.member(Role::viewer, "v").signer())), has("no key to answer"));
  asked.mutable_question()->set_reply_key(std::string(32, 'k'));
  const std::string bytes = good(sign(asked, world.member(Role::viewer, "v").signer()));
  CHECK(check(world, bytes, Expectation::question(node_of(world), world.now)).empty());
  CHECK_THAT(check(world, bytes, Expectation::question(node_of(world, "n2"), world.now)),
             has("for the node 'n1', not for n2"));
  CHECK_THAT(said(sign(asked, world.member(Role::node, "n2").signer())),
             has("may not sign question"));
  asked.mutable_question()->set_nonce("short");
  CHECK_THAT(said(sign(asked, world.member(Role::viewer, "v").signer())), has("16 to 64 bytes"));
}

TEST_CASE("another fleet's operator decides nothing here") {
  const World world, other("other.example");
  const Member eve = other.member(Role::operator_, "alice");
  const std::string bytes = good(sign(desired(other), eve.signer()));
  CHECK_THAT(check(world, bytes, at_n1(world)), has("not of the fleet shop.example"));
  // Its own certificate, and a lie about the fleet.
  proto::Statement lie = desired(world);
  Member liar = world.member(Role::operator_, "alice");
  liar.id.fleet = "other.example";
  CHECK_THAT(
      check(world, signed_anyway(lie, Signed::DESIRED_STATE, "desired state", liar), at_n1(world)),
      has("'other.example' signed it"));
  CHECK_THAT(said(verify(bytes, at_n1(world), other.trust())),
             has("without the kind and the roots"));
}

TEST_CASE("a replay and a step back are refused, the same again is not") {
  const World world;
  const Member op = world.member(Role::operator_, "alice");
  auto at = [&](uint64_t epoch, uint64_t generation, std::chrono::seconds later = 0s) {
    proto::Statement state = desired(world);
    state.set_epoch(epoch);
    state.set_generation(generation);
    state.set_issued_unix_ms(state.issued_unix_ms() + to_unix_ms(UnixNanos(later)));
    return good(sign(state, op.signer()));
  };
  Guard guard;
  auto arrives = [&](const std::string &bytes) {
    auto verified =
        verify(bytes, at_n1(world, guard.mark(Signed::DESIRED_STATE, "n1")), world.trust());
    if (!verified)
      return llvm::toString(verified.takeError());
    return said(guard.admit(Signed::DESIRED_STATE, "n1", verified->mark()));
  };
  const std::string first = at(2, 5);
  CHECK(arrives(first).empty());
  CHECK(arrives(first).empty());
  // Told, as whoever keeps a heartbeat can send it again.
  const Mark mark = guard.mark(Signed::DESIRED_STATE, "n1");
  CHECK(good(verify(first, at_n1(world, mark), world.trust())).repeated);
  CHECK_FALSE(good(verify(at(2, 6), at_n1(world, mark), world.trust())).repeated);
  CHECK_FALSE(good(verify(first, at_n1(world), world.trust())).repeated);
  CHECK_THAT(arrives(at(2, 4)), has("older than epoch 2, generation 5"));
  CHECK_THAT(arrives(at(1, 9)), has("older than epoch 2, generation 5"));
  CHECK_THAT(arrives(at(2, 5, 1s)), has("said something else"));
  CHECK(arrives(at(2, 6)).empty());
  CHECK(arrives(at(3, 1)).empty());
  CHECK_THAT(arrives(first), has("older than epoch 3, generation 1"));
  // Nobody signs for a time before its certificate begins.
  CHECK_THAT(arrives(at(9, 9, -10min)), has("not yet valid"));
  // A stolen key of yesterday's certificate may claim any number, but not a time after its end.
  const Member old = world.member(Role::operator_, "bob", {world.now - 48h, world.now - 1h});
  proto::Statement past = desired(world);
  past.set_epoch(9);
  past.set_issued_unix_ms(to_unix_ms(world.now - 2h));
  CHECK_THAT(arrives(good(sign(past, old.signer()))), has("issued before what was accepted last"));
  past.set_issued_unix_ms(to_unix_ms(world.now));
  CHECK_THAT(arrives(good(sign(past, old.signer()))), has("has expired"));
}

TEST_CASE("statements hold from when they are issued until they expire") {
  const World world;
  const Member op = world.member(Role::operator_, "alice"), node = world.member(Role::node, "n1");
  const std::string bytes = good(sign(desired(world), op.signer()));
  Expectation later = at_n1(world);
  later.now = world.now + 25h; // the operator's certificate has expired by then, too
  CHECK_THAT(check(world, bytes, later), has("expired at"));
  later.may_be_expired = true;
  CHECK(good(verify(bytes, later, world.trust())).expired);
  later.now = world.now + 23h;
  CHECK_FALSE(good(verify(bytes, later, world.trust())).expired);
  Expectation before = at_n1(world);
  before.now = world.now - 1h;
  CHECK_THAT(check(world, bytes, before), has("yet to come"));
  // A node whose clock has lost its battery knows from what it accepted that it is later.
  Expectation battery = at_n1(world, {1, 1, to_unix_ms(world.now), digest});
  battery.now = UnixNanos();
  proto::Statement next = desired(world);
  next.set_generation(2);
  CHECK(check(world, good(sign(next, op.signer())), battery).empty());
  // Heartbeats are judged by the certificate as it is now.
  proto::Statement beat = heartbeat(world, "n1");
  beat.set_expires_unix_ms(to_unix_ms(world.now + 4min));
  const Member brief = world.member(Role::node, "n1", {world.now - 1h, world.now + 1min});
  const std::string signed_beat = good(sign(beat, brief.signer()));
  CHECK(check(world, signed_beat, Expectation::of_node(Signed::HEARTBEAT, node.id, {}, world.now))
            .empty());
  CHECK_THAT(check(world, signed_beat,
                   Expectation::of_node(Signed::HEARTBEAT, node.id, {}, world.now + 2min)),
             has("has expired"));
  for (const int64_t expires :
       {to_unix_ms(world.now), to_unix_ms(world.now) - 1, INT64_MAX, INT64_MIN}) {
    proto::Statement odd = heartbeat(world, "n1");
    odd.set_expires_unix_ms(expires);
    CHECK_THAT(said(sign(odd, node.signer())), has("has to hold for some time"));
    CHECK_FALSE(check(world, signed_anyway(odd, Signed::HEARTBEAT, "heartbeat", node),
                      Expectation::of_node(Signed::HEARTBEAT, node.id, {}, world.now))
                    .empty());
  }
}

TEST_CASE("a controller decides for the tenants that an operator delegated to its key") {
  const World world;
  const Member op = world.member(Role::operator_, "alice");
  const Member c1 = controller(world, op, false, {"blue", ""});
  const Verified verified =
      good(verify(good(sign(desired(world), c1.signer())), at_n1(world), world.trust()));
  CHECK(verified.scope.allows("blue"));
  CHECK(verified.scope.allows(""));
  CHECK_FALSE(verified.scope.allows("red"));
  proto::Statement red = desired(world);
  red.mutable_desired_state()->add_tenants("red");
  CHECK_THAT(check(world, good(sign(red, c1.signer())), at_n1(world)),
             has("may not decide for the tenant 'red'"));
  proto::Statement nobody = desired(world);
  nobody.mutable_desired_state()->clear_tenants();
  CHECK_THAT(said(sign(nobody, c1.signer())), has("decided for nobody"));
  CHECK_THAT(
      check(world, signed_anyway(nobody, Signed::DESIRED_STATE, "desired state", c1), at_n1(world)),
      has("decided for nobody"));
  const Member all = controller(world, op, true, {});
  CHECK(check(world, good(sign(red, all.signer())), at_n1(world)).empty());
}

TEST_CASE("a delegation is of one key, by an operator, for its time") {
  const World world;
  const Member op = world.member(Role::operator_, "alice");
  Member bare = world.member(Role::controller, "c1");
  CHECK_THAT(check(world, good(sign(desired(world), bare.signer())), at_n1(world)),
             has("without a delegation"));
  // Another controller's, and that of an earlier key.
  bare.delegation = controller(world, op, true, {}).delegation;
  CHECK_THAT(check(world, good(sign(desired(world), bare.signer())), at_n1(world)),
             has("another controller or another key"));
  // By who is no operator.
  Member self = world.member(Role::controller, "c1");
  proto::Statement own = world.statement(48h);
  own.mutable_delegation()->set_controller(self.id.text());
  own.mutable_delegation()->set_key_id(self.key.id());
  own.mutable_delegation()->set_all_tenants(true);
  CHECK_THAT(said(sign(own, self.signer())), has("may not sign delegation"));
  self.delegation = signed_anyway(own, Signed::DELEGATION, "delegation", self);
  CHECK_THAT(check(world, good(sign(desired(world), self.signer())), at_n1(world)),
             has("may not sign delegation"));
  // Shorter than what is signed with it.
  const Member brief = controller(world, op, true, {}, 23h);
  CHECK_THAT(check(world, good(sign(desired(world), brief.signer())), at_n1(world)),
             has("does not cover"));
  // Of somebody who is no controller.
  own.mutable_delegation()->set_controller(node_of(world).text());
  CHECK_THAT(said(sign(own, op.signer())), has("no controller of the fleet"));
  // By an operator whose key was revoked since.
  World stolen;
  const Member other = stolen.member(Role::operator_, "mallory");
  const Member c1 = controller(stolen, other, true, {});
  const std::string bytes = good(sign(desired(stolen), c1.signer()));
  CHECK(check(stolen, bytes, at_n1(stolen)).empty());
  stolen.revocations =
      good(Revocations().next(stolen.revoked(1, {other.key.id()}), stolen.bundle, stolen.now));
  CHECK_THAT(check(stolen, bytes, at_n1(stolen)), has("operator/mallory was revoked"));
}

TEST_CASE("a delegation that was replaced does not come back") {
  const World world;
  const Member op = world.member(Role::operator_, "alice");
  const Member before = controller(world, op, true, {});
  proto::Statement delegation = world.statement(48h);
  delegation.set_generation(2);
  delegation.mutable_delegation()->set_controller(before.id.text());
  delegation.mutable_delegation()->set_key_id(before.key.id());
  delegation.mutable_delegation()->add_tenants("blue");
  Guard guard;
  auto arrives = [&](const std::string &delegated) {
    proto::Statement state = desired(world);
    const Signer signer{before.key, before.id, before.chain, delegated};
    auto verified =
        verify(good(sign(state, signer)),
               Expectation::desired_state(node_of(world), {}, world.now, &guard), world.trust());
    if (!verified)
      return llvm::toString(verified.takeError());
    REQUIRE(verified->delegation);
    good(guard.admit(Signed::DELEGATION, before.id.text(), *verified->delegation));
    return std::string();
  };
  CHECK(arrives(before.delegation).empty());
  CHECK(arrives(good(sign(delegation, op.signer()))).empty());
  CHECK_THAT(arrives(before.delegation), has("is older than"));
  delegation.set_generation(3);
  delegation.set_issued_unix_ms(to_unix_ms(world.now - 1h));
  const Member old = world.member(Role::operator_, "bob", {world.now - 48h, world.now - 30min});
  CHECK_THAT(arrives(good(sign(delegation, old.signer()))), has("issued before what was accepted"));
}

TEST_CASE("the payload is for its node's eyes, in the statement that it was sealed into") {
  const World world;
  const Member op = world.member(Role::operator_, "alice");
  const SealingKey key = good(SealingKey::generate()), other = good(SealingKey::generate());
  proto::Statement state = desired(world);
  good(seal_payload(state, op.id, key.public_key(), "what n1 runs"));
  const std::string bytes = good(sign(state, op.signer()));
  CHECK(bytes.find("what n1 runs") == std::string::npos);
  const Verified verified = good(verify(bytes, at_n1(world), world.trust()));
  CHECK(good(open_payload(verified, key)).bytes() == "what n1 runs");
  CHECK_THAT(said(open_payload(verified, other)), has("sealed to another key"));
  // Another operator, or another generation, cannot pass the same sealed text off as theirs.
  auto moved = [&](auto change, const Member &by) {
    proto::Statement copy = state;
    change(copy);
    return said(open_payload(
        good(verify(good(sign(copy, by.signer())), at_n1(world), world.trust())), key));
  };
  const Member bob = world.member(Role::operator_, "bob");
  CHECK(moved([](proto::Statement &) {}, op).empty());
  CHECK_THAT(moved([](proto::Statement &) {}, bob), has("cannot be opened"));
  CHECK_THAT(moved([](proto::Statement &s) { s.set_generation(2); }, op), has("cannot be opened"));
  CHECK_THAT(moved([](proto::Statement &s) { s.set_epoch(2); }, op), has("cannot be opened"));
  CHECK_THAT(moved([](proto::Statement &s) { s.mutable_desired_state()->add_tenants("red"); }, op),
             has("cannot be opened"));
  CHECK_THAT(moved(
                 [](proto::Statement &s) {
                   s.mutable_desired_state()->set_plan_digest(std::string(32, 'x'));
                 },
                 op),
             has("cannot be opened"));
}
