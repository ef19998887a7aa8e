#include "protocol/trust/paths.h"

#include "support.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;

TEST_CASE("a path that was found before is the same, as long as it holds") {
  const World world, same_name;
  Paths paths;
  const Member member = world.member(Role::node, "n1", {world.now, world.now + 1h});
  const Svid first = good(paths.verify(member.chain, world.bundle, world.now));
  CHECK(paths.size() == 1);
  const Svid again = good(paths.verify(member.chain, world.bundle, world.now + 30min));
  CHECK(paths.size() == 1);
  CHECK(again.id == first.id);
  CHECK(again.key_ids == first.key_ids);
  CHECK(again.not_after == first.not_after);
  CHECK(is_signed_by(again.key.get(), "t", good(member.key.sign("t"))));
  CHECK_THAT(said(paths.verify(member.chain, world.bundle, world.now - 1s)), has("not yet valid"));
  CHECK_THAT(said(paths.verify(member.chain, world.bundle, world.now + 1h + 1s)),
             has("has expired"));
  // The same certificates under other roots are looked at anew.
  CHECK_THAT(said(paths.verify(member.chain, same_name.bundle, world.now)),
             has("does not lead to a root"));
  CHECK(paths.size() == 0);
}

TEST_CASE("a path ends with the first of its certificates that does") {
  World world;
  world.intermediate =
      good(authority::make_intermediate(world.root, world.fleet, {world.now, world.now + 10min}));
  Paths paths;
  const SigningKey key = good(SigningKey::generate());
  const std::string leaf =
      forge(world.intermediate, key, usual("spiffe://shop.example/node/n1"),
            {world.now - 1h, world.now + 1h}); // outlives its issuer, as none of ours does
  const std::vector<std::string> chain = {leaf, world.intermediate.certificate};
  CHECK(said(paths.verify(chain, world.bundle, world.now + 5min)).empty());
  CHECK_THAT(said(paths.verify(chain, world.bundle, world.now + 11min)), has("has expired"));
  CHECK_THAT(said(paths.verify(chain, world.bundle, world.now - 1min)), has("not yet valid"));
}

TEST_CASE("from a signing certificate that is known, a path is the same as a whole one") {
  World world;
  Paths paths;
  const std::string first = world.member(Role::node, "n1").chain.back();
  good(paths.verify(world.member(Role::node, "n1").chain, world.bundle, world.now));
  Member member = world.member(Role::node, "n2", {world.now, world.now + 1h});
  REQUIRE(member.chain.back() == first);
  const Svid whole = good(verify_svid(member.chain, world.bundle, world.now));
  const Svid svid = good(paths.verify(member.chain, world.bundle, world.now));
  CHECK(svid.id == member.id);
  CHECK(svid.key_ids.front() == member.key.id());
  CHECK(svid.key_ids == whole.key_ids);
  CHECK(svid.issuer_from == whole.issuer_from);
  CHECK(svid.path_from == whole.path_from);
  CHECK(svid.path_until == whole.path_until);
  CHECK(is_signed_by(svid.key.get(), "t", good(member.key.sign("t"))));
  CHECK_THAT(said(paths.verify(member.chain, world.bundle, world.now - 1s)), has("not yet valid"));

  SECTION("nobody else's certificate comes through it") {
    const World same_name;
    std::vector<std::string> mixed = same_name.member(Role::node, "n3").chain;
    mixed.back() = first;
    CHECK_THAT(said(paths.verify(mixed, world.bundle, world.now)), has("does not lead to a root"));
    const SigningKey key = good(SigningKey::generate());
    const authority::Issuer leaf_as_issuer{std::move(member.key), member.chain.front()};
    const std::string below = forge(leaf_as_issuer, key, usual("spiffe://shop.example/node/n4"),
                                    {world.now, world.now + 10min});
    CHECK_THAT(said(paths.verify({below, first}, world.bundle, world.now)),
               has("does not lead to a root"));
    const std::string signing =
        forge(world.intermediate, key, usual("spiffe://elsewhere.example/node/n1"),
              {world.now, world.now + 10min});
    CHECK_THAT(said(paths.verify({signing, first}, world.bundle, world.now)),
               has("is not of the fleet"));
  }
  SECTION("it ends when what is above it does") {
    CHECK_THAT(said(paths.verify(world.member(Role::node, "n5").chain, world.bundle,
                                 whole.path_until + 24h * 365 * 20)),
               has("has expired"));
  }
  SECTION("it is forgotten with the roots") {
    const World other;
    CHECK_THAT(said(paths.verify(member.chain, other.bundle, world.now)),
               has("does not lead to a root"));
    CHECK_THAT(said(paths.verify(world.member(Role::node, "n6").chain, other.bundle, world.now)),
               has("does not lead to a root"));
  }
}

TEST_CASE("what is refused is not kept, and what is kept has its bounds") {
  const World world;
  Paths paths(2);
  const Member member = world.member(Role::node, "n1");
  CHECK_FALSE(said(paths.verify({member.chain.front()}, world.bundle, world.now)).empty());
  CHECK_FALSE(said(paths.verify({}, world.bundle, world.now)).empty());
  CHECK_FALSE(
      said(paths.verify(std::vector<std::string>(100, "x"), world.bundle, world.now)).empty());
  CHECK(paths.size() == 0);
  for (const char *name : {"n1", "n2", "n3"})
    CHECK(
        said(paths.verify(world.member(Role::node, name).chain, world.bundle, world.now)).empty());
  CHECK(paths.size() == 1);
}

TEST_CASE("a revocation counts for a path that was found before it") {
  World world;
  Paths paths;
  const Member member = world.member(Role::node, "n1");
  proto::Statement beat = world.statement();
  beat.set_node("n1");
  beat.mutable_heartbeat();
  const std::string bytes = good(sign(beat, member.signer()));
  const Expectation expected =
      Expectation::of_node(proto::Signed::HEARTBEAT, member.id, {}, world.now);
  CHECK(said(verify(bytes, expected, {world.bundle, world.revocations, &paths})).empty());
  CHECK(paths.size() == 1);
  const Revocations list =
      good(Revocations().next(world.revoked(1, {member.key.id()}), world.bundle, world.now));
  CHECK_THAT(said(verify(bytes, expected, {world.bundle, list, &paths})), has("was revoked"));
}
