// A machine joins over a TLS connection to the real authority; and all the ways in which it, or
// somebody in between, does not.
#include "fleet.h"

#include <sys/wait.h>
#include <unistd.h>

#include "protocol/trust/base64.h"
#include "protocol/trust/bundle.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;
using authority::Authority;

namespace {

const std::string one_channel(channel_size, '1'), two_channel(channel_size, '2');

} // namespace

TEST_CASE("a machine joins with its token, and is a member") {
  Fleet fleet;
  const SigningKey key = good(SigningKey::generate());
  const Attempt attempt = join(fleet, fleet.invite(fleet.id(Role::node, "n1")), key);
  REQUIRE(attempt.error.empty());
  const Svid svid = good(verify_svid(attempt.joined.chain, attempt.joined.bundle, fleet.now));
  CHECK(svid.id == fleet.id(Role::node, "n1"));
  CHECK(svid.key_ids.front() == key.id());
  CHECK(attempt.joined.revocations.number() > 0);
  CHECK(svid.not_after <= fleet.now + authority::svid_lifetime);
}

TEST_CASE("a token is used once") {
  Fleet fleet;
  const std::string token = fleet.invite(fleet.id(Role::node, "n1"));
  const SigningKey key = good(SigningKey::generate());
  REQUIRE(join(fleet, token, key).error.empty());
  const SigningKey other = good(SigningKey::generate());
  CHECK_THAT(join(fleet, token, other).error, has("was used before"));
  // Also by an authority that starts again.
  fleet.authority = good(Authority::open(fleet.dir / "ca"));
  CHECK_THAT(join(fleet, token, other).error, has("was used before"));
}

TEST_CASE("a joiner that did not get the answer asks again with the same key") {
  Fleet fleet;
  const SpiffeId n1 = fleet.id(Role::node, "n1");
  const std::string token = fleet.invite(n1);
  const SigningKey key = good(SigningKey::generate()), other = good(SigningKey::generate());
  const Attempt first = join(fleet, token, key), again = join(fleet, token, key);
  REQUIRE(first.error.empty());
  REQUIRE(again.error.empty());
  const Bundle bundle = good(fleet.authority->bundle());
  for (const Attempt *one : {&first, &again})
    CHECK(said(fleet.revocations().check(good(verify_svid(one->joined.chain, bundle, fleet.now))))
              .empty());
  // Not past the token's end, and not once the member is revoked or another took the name.
  const proto::JoinRequest late =
      good(join_request(good(parse_token(token)), key, one_channel, fleet.now));
  CHECK_THAT(said(fleet.authority->join(late, one_channel, fleet.now + 61min)), has("has expired"));
  REQUIRE(join(fleet, fleet.invite(n1), other).error.empty());
  CHECK_THAT(join(fleet, token, key).error, has("no such join token"));
  const std::string next = fleet.invite(n1);
  REQUIRE(join(fleet, next, key).error.empty());
  good(fleet.authority->revoke(n1, "t", "stolen", fleet.now));
  CHECK_THAT(join(fleet, next, key).error, has("no such join token"));
}

TEST_CASE("of two that use a token at once, one joins") {
  Fleet fleet;
  const JoinToken token = good(parse_token(fleet.invite(fleet.id(Role::node, "n1"))));
  const SigningKey one = good(SigningKey::generate()), two = good(SigningKey::generate());
  // Both requests are ready before either process starts, and both wait for the same starting shot.
  const std::string first =
                        good(join_request(token, one, one_channel, fleet.now)).SerializeAsString(),
                    second =
                        good(join_request(token, two, two_channel, fleet.now)).SerializeAsString();
  int shot[2];
  REQUIRE(::pipe(shot) == 0);
  auto race = [&](const std::string &bytes, const std::string &channel) {
    const pid_t child = ::fork();
    if (child != 0)
      return child;
    ::close(shot[1]);
    proto::JoinRequest request;
    request.ParseFromString(bytes);
    auto authority = Authority::open(fleet.dir / "ca");
    char byte = 0;
    (void)!::read(shot[0], &byte, 1);
    if (!authority)
      ::_exit(9);
    auto response = (*authority)->join(request, channel, fleet.now);
    if (response)
      ::_exit(0);
    const std::string why = llvm::toString(response.takeError());
    ::_exit(why.find("was used before") != std::string::npos ? 1 : 8);
  };
  const pid_t a = race(first, one_channel), b = race(second, two_channel);
  ::close(shot[0]);
  ::close(shot[1]);
  int status_a = 0, status_b = 0;
  REQUIRE(::waitpid(a, &status_a, 0) == a);
  REQUIRE(::waitpid(b, &status_b, 0) == b);
  REQUIRE(WIFEXITED(status_a));
  REQUIRE(WIFEXITED(status_b));
  CHECK(WEXITSTATUS(status_a) + WEXITSTATUS(status_b) == 1);
  CHECK(said(fleet.authority->verify_audit()).empty());
}

TEST_CASE("a token holds for its time, its name and its fleet") {
  Fleet fleet, other("other.example");
  const SigningKey key = good(SigningKey::generate());
  const JoinToken token = good(parse_token(fleet.invite(fleet.id(Role::node, "n1"))));
  CHECK_THAT(said(join_request(token, key, one_channel, fleet.now + 61min)), has("expired at"));
  const proto::JoinRequest request = good(join_request(token, key, one_channel, fleet.now));
  CHECK_THAT(said(fleet.authority->join(request, one_channel, fleet.now + 61min)),
             has("has expired"));
  // Another name, in a request that is signed in every other way as it should be.
  JoinToken renamed = good(parse_token(to_text(token).bytes()));
  renamed.member.name = "n2";
  CHECK_THAT(said(fleet.authority->join(good(join_request(renamed, key, one_channel, fleet.now)),
                                        one_channel, fleet.now)),
             has("is for spiffe://shop.example/node/n1, not for spiffe://shop.example/node/n2"));
  renamed = good(parse_token(to_text(token).bytes()));
  renamed.member.role = Role::operator_;
  CHECK_THAT(said(fleet.authority->join(good(join_request(renamed, key, one_channel, fleet.now)),
                                        one_channel, fleet.now)),
             has("not for spiffe://shop.example/operator/n1"));
  CHECK_THAT(said(other.authority->join(request, one_channel, fleet.now)),
             has("no such join token"));
  // None of that has used it up.
  CHECK(said(fleet.authority->join(request, one_channel, fleet.now)).empty());

  CHECK_THAT(said(fleet.authority->invite(other.id(Role::node, "n1"), 1h, "t", fleet.now)),
             has("cannot be invited"));
  CHECK_THAT(said(fleet.authority->invite(fleet.id(Role::authority, "x"), 1h, "t", fleet.now)),
             has("nobody is invited"));
  for (const std::chrono::seconds lifetime : {-1s, 0s, std::chrono::seconds(24h * 8)})
    CHECK_THAT(said(fleet.authority->invite(fleet.id(Role::node, "n1"), lifetime, "t", fleet.now)),
               has("holds for"));
}

TEST_CASE("who saw the exchange, or the authority's files, cannot join") {
  Fleet fleet;
  const std::string text = fleet.invite(fleet.id(Role::node, "n1"));
  const JoinToken token = good(parse_token(text));
  const SigningKey key = good(SigningKey::generate()), mine = good(SigningKey::generate());
  const proto::JoinRequest seen = good(join_request(token, key, one_channel, fleet.now));
  // Nothing of the secret travels or is stored.
  CHECK(seen.SerializeAsString().find(token.seed.bytes()) == std::string::npos);
  const std::string stored =
      read(fleet.dir / "ca/authority.db") + read(fleet.dir / "ca/authority.db-wal");
  CHECK(stored.find(token.seed.bytes()) == std::string::npos);
  CHECK(stored.find(good(token_key(token))) == std::string::npos);
  CHECK(stored.find(sha256_bytes(good(token_key(token)))) != std::string::npos);
  CHECK(read(fleet.dir / "ca/audit.log").find(text) == std::string::npos);
  // On another connection, or around another certificate request, the proof is void.
  CHECK_THAT(said(fleet.authority->join(seen, two_channel, fleet.now)), has("does not prove"));
  proto::JoinRequest changed = seen;
  changed.set_csr(good(make_request(mine, token.member)));
  CHECK_THAT(said(fleet.authority->join(changed, one_channel, fleet.now)), has("does not prove"));
  changed = seen;
  changed.set_proof(std::string(64, '\0'));
  CHECK_THAT(said(fleet.authority->join(changed, one_channel, fleet.now)), has("does not prove"));
  CHECK_THAT(said(fleet.authority->join(seen, "", fleet.now)), has("bound to no connection"));
  CHECK_THAT(said(join_request(token, key, "", fleet.now)), has("bound to no connection"));
  changed.set_proof("short");
  CHECK_THAT(said(fleet.authority->join(changed, one_channel, fleet.now)), has("is none"));
  // The id of the token is known, its secret is not.
  JoinToken guessed = good(parse_token(text));
  guessed.seed = Secret(random_bytes(32));
  CHECK_THAT(said(fleet.authority->join(good(join_request(guessed, mine, one_channel, fleet.now)),
                                        one_channel, fleet.now)),
             has("no such join token"));
  guessed = good(parse_token(text));
  guessed.id = std::string(16, 'x');
  CHECK_THAT(said(fleet.authority->join(good(join_request(guessed, mine, one_channel, fleet.now)),
                                        one_channel, fleet.now)),
             has("no such join token"));
  CHECK(join(fleet, text, key).error.empty());
}

TEST_CASE("a joiner talks to nobody but the authority that its token pins") {
  Fleet fleet, same_name;
  const SigningKey key = good(SigningKey::generate());
  const JoinToken token = good(parse_token(fleet.invite(fleet.id(Role::node, "n1"))));
  auto meets = [&](const SigningKey &server_key, const std::vector<std::string> &chain) {
    const auto server = good(TlsContext::for_joins(server_key, chain));
    const auto client =
        good(TlsContext::to_join(token.member.fleet, token.pin, token.intermediate_from));
    const Wire wire = connect(*client, *server);
    CHECK_FALSE(wire.open);
    return wire.client->refusal();
  };
  const Signer impostor = good(same_name.authority->self(fleet.now));
  CHECK_THAT(meets(impostor.key, good(same_name.authority->chain_for_joins(fleet.now))),
             has("does not show the root"));
  // The right root beside a path that does not lead there.
  auto mixed = good(same_name.authority->chain_for_joins(fleet.now));
  mixed.back() = good(fleet.authority->bundle()).roots.front();
  CHECK_THAT(meets(impostor.key, mixed), has("does not lead to a root"));
  // A member that is not the authority.
  const Member n2 = fleet.member(Role::node, "n2");
  auto chain = n2.chain;
  chain.push_back(good(fleet.authority->bundle()).roots.front());
  CHECK_THAT(meets(n2.key, chain), has("is not the authority of its fleet"));
}

TEST_CASE("a joiner believes no intermediate that was replaced before its token was made") {
  Fleet fleet;
  const Signer stolen = good(fleet.authority->self(fleet.now));
  const SigningKey key = good(SigningKey::generate());
  const std::vector<std::string> chain = good(fleet.authority->chain_for_joins(fleet.now));
  const auto thief = good(TlsContext::for_joins(stolen.key, chain));
  const std::string before = fleet.invite(fleet.id(Role::node, "n1"));
  good(fleet.authority->rotate(fleet.root_key(), "t", fleet.now));
  const JoinToken token = good(parse_token(fleet.invite(fleet.id(Role::node, "n2"))));
  const auto client =
      good(TlsContext::to_join(token.member.fleet, token.pin, token.intermediate_from));
  const Wire wire = connect(*client, *thief);
  CHECK_FALSE(wire.open);
  CHECK_THAT(wire.client->refusal(), has("was replaced before the join token was made"));
  // An invitation from before the rotation goes on to hold: the root made the new intermediate.
  CHECK(join(fleet, before, key).error.empty());
}

TEST_CASE("a joiner takes no other certificate than the one it asked for") {
  Fleet fleet, other;
  const SigningKey key = good(SigningKey::generate()), second = good(SigningKey::generate());
  const JoinToken token = good(parse_token(fleet.invite(fleet.id(Role::node, "n1"))));
  const proto::JoinResponse response = good(fleet.authority->join(
      good(join_request(token, key, one_channel, fleet.now)), one_channel, fleet.now));
  CHECK(said(accept(response, token, key, fleet.now)).empty());
  CHECK_THAT(said(accept(response, token, second, fleet.now)), has("another name or key"));
  proto::JoinResponse changed = response;
  const Member n2 = fleet.member(Role::node, "n2");
  changed.mutable_chain()->Assign(n2.chain.begin(), n2.chain.end());
  CHECK_THAT(said(accept(changed, token, n2.key, fleet.now)), has("another name or key"));
  changed = response;
  const JoinToken elsewhere = good(parse_token(other.invite(other.id(Role::node, "n1"))));
  CHECK_THAT(said(accept(response, elsewhere, key, fleet.now)), has("another root than the join"));
  changed.set_error("no\x1b[2J");
  CHECK_THAT(said(accept(changed, token, key, fleet.now)), has("refused: 'no\\1B[2J'"));
  // Another root beside the pinned one, by whoever has the intermediate.
  const World rogue;
  const Signer self = good(fleet.authority->self(fleet.now));
  proto::Statement vouch;
  vouch.set_generation(9);
  vouch.set_issued_unix_ms(to_unix_ms(fleet.now));
  vouch.set_expires_unix_ms(to_unix_ms(fleet.now + 1h));
  vouch.mutable_bundle()->set_fleet(token.member.fleet);
  vouch.mutable_bundle()->set_document(
      good(to_document({token.member.fleet, {rogue.root.certificate}, 9, 0})));
  changed = response;
  changed.add_bundles(good(sign(vouch, self)));
  const Joined joined = good(accept(changed, token, key, fleet.now));
  CHECK(joined.bundle.roots == good(fleet.authority->bundle()).roots);
  changed.clear_bundles();
  CHECK_THAT(said(accept(changed, token, key, fleet.now)), has("no bundle that the pinned root"));
  changed = response;
  changed.set_root(rogue.root.certificate);
  CHECK_THAT(said(accept(changed, token, key, fleet.now)), has("another root than the join token"));
  changed = response;
  changed.set_revocations("junk");
  CHECK_FALSE(said(accept(changed, token, key, fleet.now)).empty());
}

TEST_CASE("who joins again under a name takes it from whoever had it") {
  Fleet fleet;
  const SigningKey old_key = good(SigningKey::generate()), new_key = good(SigningKey::generate());
  const Attempt first = join(fleet, fleet.invite(fleet.id(Role::node, "n1")), old_key);
  const Attempt second = join(fleet, fleet.invite(fleet.id(Role::node, "n1")), new_key);
  REQUIRE(first.error.empty());
  REQUIRE(second.error.empty());
  const Bundle bundle = good(fleet.authority->bundle());
  const Revocations list = fleet.revocations();
  CHECK_THAT(said(list.check(good(verify_svid(first.joined.chain, bundle, fleet.now + 2s)))),
             has("was revoked"));
  CHECK(said(list.check(good(verify_svid(second.joined.chain, bundle, fleet.now + 2s)))).empty());
}

TEST_CASE("a token's text is one word, and a damaged one is told from a wrong one") {
  Fleet fleet;
  const std::string text = fleet.invite(fleet.id(Role::node, "n1"));
  CHECK(llvm::StringRef(text).startswith("nemo-join-1."));
  CHECK(text.find_first_of(" \n=+/") == std::string::npos);
  CHECK(good(parse_token("  " + text + "\n")).member == fleet.id(Role::node, "n1"));
  for (size_t i = 12; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK_THAT(said(parse_token(changed)), has("damaged"));
    CHECK_THAT(said(parse_token(text.substr(0, i))), has("damaged"));
  }
  CHECK_THAT(said(parse_token("")), has("no join token"));
  CHECK_THAT(said(parse_token(std::string("nemo-join-1.") + std::string(2000, 'A'))),
             has("no join token"));
}
