// Lists of what is no longer trusted: which may follow which, and whom they keep out.
#include "support.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;

TEST_CASE("a revocation list only goes forward") {
  World world;
  const Member n1 = world.member(Role::node, "n1"), n2 = world.member(Role::node, "n2");
  const std::string first = world.revoked(1, {n1.key.id()}),
                    second = world.revoked(2, {n1.key.id(), n2.key.id()});
  const Revocations one = good(Revocations().next(first, world.bundle, world.now));
  const Revocations two = good(one.next(second, world.bundle, world.now));
  CHECK(two.number() == 2);
  CHECK_THAT(said(two.next(first, world.bundle, world.now)), has("older than"));
  CHECK_THAT(said(two.next(world.revoked(2, {}), world.bundle, world.now)),
             has("said something else"));
  CHECK(good(two.next(second, world.bundle, world.now)).number() == 2);
  auto revoked = [&](const Revocations &list, const Member &member) {
    return said(list.check(good(verify_svid(member.chain, world.bundle, world.now))));
  };
  CHECK_THAT(revoked(one, n1), has("a key of spiffe://shop.example/node/n1 was revoked"));
  CHECK(revoked(one, n2).empty());
  CHECK_THAT(revoked(two, n2), has("was revoked"));
  // It goes on to revoke when it is old, also from a journal.
  const Revocations back =
      good(Revocations().next(two.signed_bytes(), world.bundle, world.now + 24h * 300));
  CHECK_THAT(revoked(back, n2), has("was revoked"));
  CHECK(back.due() == world.now + 24h);
  world.revocations = one;
  proto::Statement beat = world.statement();
  beat.set_node("n1");
  beat.mutable_heartbeat()->set_boot_id("b");
  CHECK_THAT(said(verify(good(sign(beat, n1.signer())),
                         Expectation::of_node(proto::Signed::HEARTBEAT, n1.id, {}, world.now),
                         world.trust())),
             has("was revoked"));
}

TEST_CASE("a revoked intermediate takes everything below it along, its lists too") {
  const World world;
  const Member n1 = world.member(Role::node, "n1");
  const Revocations list = good(
      Revocations().next(world.revoked(1, {world.intermediate.key.id()}), world.bundle, world.now));
  CHECK_THAT(said(list.check(good(verify_svid(n1.chain, world.bundle, world.now)))),
             has("was revoked"));
  CHECK_THAT(said(list.next(world.revoked(2, {}), world.bundle, world.now)), has("was revoked"));
}

TEST_CASE("the next intermediate takes the list back from whoever stole the one before") {
  World world;
  const Member n1 = world.member(Role::node, "n1");
  authority::Issuer next = good(authority::make_intermediate(
      world.root, world.fleet, {world.now - 1h, world.now + 24h * 365}));
  // The highest number there is, and nobody after it: the next intermediate is in the list.
  const std::string last_word = world.revoked(UINT64_MAX, {next.key.id()});
  CHECK_THAT(
      said(Revocations().next(world.revoked(1, {world.root.key.id()}), world.bundle, world.now)),
      has("names a root"));
  const Revocations held = good(Revocations().next(last_word, world.bundle, world.now));
  const std::string stolen = world.intermediate.key.id();
  const std::string later = world.revoked(7, {});
  world.intermediate = std::move(next);
  const Revocations back = good(held.next(world.revoked(2, {stolen}), world.bundle, world.now));
  CHECK(back.number() == 2);
  CHECK_THAT(said(back.check(good(verify_svid(n1.chain, world.bundle, world.now)))),
             has("was revoked"));
  CHECK_THAT(said(back.next(last_word, world.bundle, world.now)), has("was replaced since"));
  CHECK_THAT(said(back.next(later, world.bundle, world.now)), has("was replaced since"));
}

TEST_CASE("an identity is revoked as it was certified, and may join again") {
  const World world;
  proto::Statement statement = world.statement(24h);
  auto &entry = *statement.mutable_revocations()->add_identities();
  entry.set_id(SpiffeId{world.fleet, Role::node, "n1"}.text());
  entry.set_issued_before_unix_ms(to_unix_ms(world.now));
  const std::string bytes = good(sign(statement, world.member(Role::authority, "main").signer()));
  const Revocations list = good(Revocations().next(bytes, world.bundle, world.now));
  auto from = [&](UnixNanos start) {
    const Member member = world.member(Role::node, "n1", {start, world.now + 1h});
    return said(list.check(good(verify_svid(member.chain, world.bundle, world.now + 2s))));
  };
  CHECK_THAT(from(world.now - 1h), has("was certified with was revoked"));
  CHECK(from(world.now + 1s).empty());
}
