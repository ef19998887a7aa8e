#include "wire.h"

#include <atomic>
#include <thread>

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;
using Side = TlsContext::Side;

namespace {

std::unique_ptr<TlsContext> end_of(Side side, const Member &member, const World &world,
                                   TlsContext::Admit admit = {}) {
  return good(TlsContext::mutual(side, member.key, member.chain, {world.bundle}, world.revocations,
                                 std::move(admit)));
}

/// A member whose certificate outlives the intermediate that it was signed by.
Member forged_day(const World &world) {
  SigningKey key = good(SigningKey::generate());
  const SpiffeId id{world.fleet, Role::node, "n1"};
  std::string own =
      forge(world.intermediate, key, usual(id.text()), {world.now - 1min, world.now + 24h});
  return {id, std::move(key), {std::move(own), world.intermediate.certificate}, ""};
}

} // namespace

TEST_CASE("members talk TLS 1.3, each sure of who the other is") {
  const World world;
  const Member n1 = world.member(Role::node, "n1"), broker = world.member(Role::broker, "b");
  const auto client = end_of(Side::client, n1, world), server = end_of(Side::server, broker, world);
  const Wire wire = connect(*client, *server);
  REQUIRE(wire.open);
  CHECK(SSL_version(wire.client->get()) == TLS1_3_VERSION);
  REQUIRE(wire.client->peer());
  CHECK(wire.client->peer()->id == broker.id);
  REQUIRE(wire.server->peer());
  CHECK(wire.server->peer()->id == n1.id);
  const std::string binding = good(wire.client->channel_binding());
  CHECK(binding.size() == 32);
  CHECK(binding == good(wire.server->channel_binding()));
  const Wire second = connect(*client, *server);
  CHECK(good(second.client->channel_binding()) != binding);
  CHECK_THAT(said(good(client->session())->channel_binding()), has("before its handshake"));
}

TEST_CASE("who is foreign, revoked, expired or of the wrong role gets no connection") {
  World world;
  const World other("other.example"), same_name;
  const Member broker = world.member(Role::broker, "b"), n1 = world.member(Role::node, "n1");
  const auto server = end_of(Side::server, broker, world, [](const Svid &svid) {
    return svid.id.role == Role::node ? llvm::Error::success() : failure("only nodes");
  });
  auto refused = [&](const Member &member) {
    const auto client = end_of(Side::client, member, world);
    const Wire wire = connect(*client, *server);
    CHECK_FALSE(wire.open);
    CHECK(wire.server->peer() == nullptr);
    return wire.server->refusal();
  };
  CHECK_THAT(refused(other.member(Role::node, "n1")), has("a fleet that is not trusted here"));
  CHECK_THAT(refused(same_name.member(Role::node, "n1")), has("does not lead to a root"));
  CHECK_THAT(refused(world.member(Role::viewer, "v")), has("only nodes"));
  CHECK_THAT(refused(world.member(Role::node, "n1", {world.now - 2h, world.now - 1h})),
             has("has expired"));
  // And the client looks as closely at the server.
  const Member impostor = same_name.member(Role::broker, "b");
  const Wire wire =
      connect(*end_of(Side::client, n1, world), *end_of(Side::server, impostor, same_name));
  CHECK_FALSE(wire.open);
  CHECK_THAT(wire.client->refusal(), has("does not lead to a root"));
}

TEST_CASE("a client without a certificate gets no connection") {
  const World world;
  const Member broker = world.member(Role::broker, "b");
  const auto server = end_of(Side::server, broker, world);
  const auto client = good(TlsContext::to_join(world.fleet, world.root.key.id(), {}));
  CHECK_FALSE(connect(*client, *server).open);
}

TEST_CASE("open sessions go on over a rotation, and are dropped by a revocation") {
  World world;
  const Member n1 = world.member(Role::node, "n1"), broker = world.member(Role::broker, "b");
  const auto client = end_of(Side::client, n1, world), server = end_of(Side::server, broker, world);
  const Wire wire = connect(*client, *server);
  REQUIRE(wire.open);
  const Member renewed = world.member(Role::broker, "b");
  good(server->replace(renewed.key, renewed.chain));
  CHECK(said(server->check(*wire.server, world.now)).empty());
  CHECK(SSL_write(wire.client->get(), "more", 4) == 4);
  char heard[4];
  CHECK(SSL_read(wire.server->get(), heard, 4) == 4);
  const Wire after = connect(*client, *server);
  REQUIRE(after.open);
  CHECK(after.client->peer()->key_ids.front() == renewed.key.id());
  CHECK_THAT(said(server->replace(n1.key, renewed.chain)), has("refuses the key"));

  const Revocations list =
      good(Revocations().next(world.revoked(1, {n1.key.id()}), world.bundle, world.now));
  server->replace({world.bundle}, list);
  CHECK_THAT(said(server->check(*wire.server, world.now)), has("was revoked"));
  CHECK_FALSE(connect(*client, *server).open);
  server->replace({world.bundle}, {});
  CHECK_THAT(said(server->check(*wire.server, world.now + 25h)), has("has expired"));
  World brief;
  brief.intermediate =
      good(authority::make_intermediate(brief.root, brief.fleet, {brief.now - 1h, brief.now + 1h}));
  const Member long_lived = forged_day(brief);
  const auto hurried = end_of(Side::server, long_lived, brief);
  const Wire under = connect(*end_of(Side::client, long_lived, brief), *hurried);
  REQUIRE(under.open);
  CHECK(said(hurried->check(*under.server, brief.now + 59min)).empty());
  CHECK_THAT(said(hurried->check(*under.server, brief.now + 61min)), has("has expired"));
  server->replace({World().bundle}, {});
  CHECK_THAT(said(server->check(*wire.server, world.now)), has("no longer trusted"));
}

TEST_CASE("certificates are replaced while sessions begin in other threads") {
  const World world;
  const Member one = world.member(Role::broker, "b"), two = world.member(Role::broker, "b"),
               n1 = world.member(Role::node, "n1");
  const auto server = end_of(Side::server, one, world), client = end_of(Side::client, n1, world);
  std::atomic<bool> done = false;
  std::thread renewing([&] {
    for (int i = 0; i < 3'000; ++i) {
      const Member &next = i % 2 == 0 ? two : one;
      llvm::cantFail(server->replace(next.key, next.chain));
    }
    done = true;
  });
  while (!done)
    for (int i = 0; i < 100; ++i)
      llvm::cantFail(server->session());
  renewing.join();
  CHECK(connect(*client, *server).open);
}

TEST_CASE("nobody goes around the handshake: no older TLS, no resumption") {
  const World world;
  const Member n1 = world.member(Role::node, "n1"), broker = world.member(Role::broker, "b");
  const auto client = end_of(Side::client, n1, world), server = end_of(Side::server, broker, world);
  const Wire first = connect(*client, *server);
  REQUIRE(first.open);
  CHECK(SSL_SESSION_is_resumable(SSL_get0_session(first.client->get())) == 0);
  // A client that tries all the same.
  auto resumed = good(client->session());
  Wire again{std::move(resumed), good(server->session())};
  REQUIRE(SSL_set_session(again.client->get(), SSL_get0_session(first.client->get())) == 1);
  connect(again);
  REQUIRE(again.open);
  CHECK(SSL_session_reused(again.server->get()) == 0);
  REQUIRE(again.server->peer());
  Wire old{good(client->session()), good(server->session())};
  REQUIRE(SSL_set_min_proto_version(old.client->get(), TLS1_2_VERSION) == 1);
  REQUIRE(SSL_set_max_proto_version(old.client->get(), TLS1_2_VERSION) == 1);
  connect(old);
  CHECK_FALSE(old.open);
}

TEST_CASE("two fleets that trust each other connect, and neither speaks for the other") {
  const World one, two("other.example");
  const Member n1 = one.member(Role::node, "n1"), m1 = two.member(Role::node, "m1");
  const auto client =
      good(TlsContext::mutual(Side::client, n1.key, n1.chain, {one.bundle, two.bundle}, {}, {}));
  const auto server =
      good(TlsContext::mutual(Side::server, m1.key, m1.chain, {two.bundle, one.bundle}, {}, {}));
  CHECK(connect(*client, *server).open);
  // A certificate for the first fleet's node by the second fleet's authority.
  const SigningKey key = good(SigningKey::generate());
  const std::string alien =
      forge(two.intermediate, key, usual(n1.id.text()), {one.now - 1h, one.now + 1h});
  const auto liar = good(TlsContext::mutual(
      Side::client, key, {alien, two.intermediate.certificate}, {one.bundle, two.bundle}, {}, {}));
  const Wire wire = connect(*liar, *server);
  CHECK_FALSE(wire.open);
  CHECK_THAT(wire.server->refusal(), has("does not lead to a root of the fleet shop.example"));
}
