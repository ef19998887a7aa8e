#include "backends/fleet/authority/authority.h"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "fleet.h"
#include "protocol/trust/bundle.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;
using authority::Authority;

TEST_CASE("the root key is in its own file, and the authority works without it") {
  Fleet fleet;
  struct stat status {};
  REQUIRE(::stat(fleet.root_key().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  REQUIRE(::stat((fleet.dir / "ca").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
  REQUIRE(::stat((fleet.dir / "ca/authority.db").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  std::filesystem::rename(fleet.root_key(), fleet.dir / "away.key");
  fleet.authority = good(Authority::open(fleet.dir / "ca"));
  const Member n1 = fleet.member(Role::node, "n1");
  CHECK(said(verify_svid(n1.chain, good(fleet.authority->bundle()), fleet.now)).empty());
  CHECK_THAT(said(fleet.authority->rotate(fleet.root_key(), "t", fleet.now)), has("No such file"));
  CHECK_THAT(said(Authority::create(fleet.dir / "ca", "again", fleet.dir / "k", "t", fleet.now)),
             has("File exists"));
  CHECK_THAT(said(Authority::open(fleet.dir / "none")), has("No such file"));
  CHECK_THAT(
      said(Authority::create(fleet.dir / "x", "Not A Fleet", fleet.dir / "k", "t", fleet.now)),
      has("cannot be a fleet's name"));
}

TEST_CASE("an intermediate whose key others may read is not used") {
  Fleet fleet;
  REQUIRE(::chmod((fleet.dir / "ca/intermediate-1.key").c_str(), 0640) == 0);
  CHECK_THAT(said(Authority::open(fleet.dir / "ca")), has("chmod 600"));
}

TEST_CASE("an authority whose files others could have written is not opened") {
  Fleet fleet;
  const std::string directory = fleet.dir / "ca", database = directory + "/authority.db";
  fleet.authority.reset();
  auto refused = [&] { return said(Authority::open(directory)); };
  for (const mode_t mode : {0770, 0707, 0702, 0720}) {
    REQUIRE(::chmod(directory.c_str(), mode) == 0);
    CHECK_THAT(refused(), has("chmod 700"));
  }
  REQUIRE(::chmod(directory.c_str(), 0700) == 0);
  for (const mode_t mode : {0640, 0604, 0620, 0602}) {
    REQUIRE(::chmod(database.c_str(), mode) == 0);
    CHECK_THAT(refused(), has("chmod 600"));
  }
  REQUIRE(::chmod(database.c_str(), 0600) == 0);
  CHECK(refused().empty());
  std::filesystem::rename(database, fleet.dir / "elsewhere.db");
  std::filesystem::create_symlink(fleet.dir / "elsewhere.db", database);
  CHECK_THAT(refused(), has("is no regular file"));
  std::filesystem::remove(database);
  std::filesystem::rename(fleet.dir / "elsewhere.db", database);
  CHECK(refused().empty());
  if (::geteuid() == 0) {
    REQUIRE(::chown(directory.c_str(), 12345, 12345) == 0);
    CHECK_THAT(refused(), has("belongs to user 12345"));
  }
}

TEST_CASE("a member renews with a new key, for itself and nobody else") {
  Fleet fleet;
  const Member n1 = fleet.member(Role::node, "n1");
  const SigningKey next = good(SigningKey::generate());
  const auto chain = good(fleet.authority->renew(renewal(fleet.now, n1, next, n1.id), fleet.now));
  const Svid svid = good(verify_svid(chain, good(fleet.authority->bundle()), fleet.now));
  CHECK(svid.id == n1.id);
  CHECK(svid.key_ids.front() == next.id());
  CHECK_THAT(said(fleet.authority->renew(renewal(fleet.now, n1, next, fleet.id(Role::node, "n2")),
                                         fleet.now)),
             has("asked for a certificate of spiffe://shop.example/node/n2"));
  CHECK_THAT(said(fleet.authority->renew(
                 renewal(fleet.now, n1, next, fleet.id(Role::operator_, "n1")), fleet.now)),
             has("asked for a certificate of"));
  CHECK_THAT(said(fleet.authority->renew(renewal(fleet.now, n1, next, n1.id), fleet.now + 2min)),
             has("expired"));
  const Member n2 = fleet.member(Role::node, "n2");
  CHECK_THAT(said(fleet.authority->renew(renewal(fleet.now, n2, n1.key, n2.id), fleet.now)),
             has("with the key of"));
}

TEST_CASE("a broker keeps its hosts when it renews") {
  Fleet fleet;
  const Member broker = fleet.member(Role::broker, "b", {"broker.shop.example", "10.0.0.1", "::1"});
  const SigningKey next = good(SigningKey::generate());
  const auto chain =
      good(fleet.authority->renew(renewal(fleet.now, broker, next, broker.id), fleet.now));
  const Certificate certificate = good(parse_certificate(chain.front()));
  CHECK(X509_check_host(certificate.get(), "broker.shop.example", 0, 0, nullptr) == 1);
  CHECK(X509_check_ip_asc(certificate.get(), "10.0.0.1", 0) == 1);
  CHECK(X509_check_ip_asc(certificate.get(), "::1", 0) == 1);
  CHECK(X509_check_host(certificate.get(), "other.example", 0, 0, nullptr) == 0);
  const std::string csr = good(make_request(next, broker.id));
  for (const char *host :
       {"a,URI:spiffe://shop.example/operator/eve", "a b", "", "-a", "[::1]", "a:1"})
    CHECK_THAT(said(fleet.authority->certify(csr, {host}, "t", fleet.now)),
               has("no name or address"));
  CHECK_THAT(said(fleet.authority->certify(good(make_request(next, {"other", Role::node, "n"})), {},
                                           "t", fleet.now)),
             has("cannot be certified"));
  CHECK_THAT(said(fleet.authority->certify(good(make_request(next, fleet.id(Role::authority, "x"))),
                                           {}, "t", fleet.now)),
             has("cannot be certified"));
}

TEST_CASE("who is revoked is out: listed, not renewed, its token void") {
  Fleet fleet;
  const Member n1 = fleet.member(Role::node, "n1"), n2 = fleet.member(Role::node, "n2");
  const std::string token = fleet.invite(n1.id);
  const uint64_t number = fleet.revocations().number();
  good(fleet.authority->revoke(n1.id, "t", "stolen", fleet.now));
  const Revocations list = fleet.revocations();
  CHECK(list.number() == number + 1);
  const Bundle bundle = good(fleet.authority->bundle());
  CHECK_THAT(said(list.check(good(verify_svid(n1.chain, bundle, fleet.now)))), has("was revoked"));
  CHECK(said(list.check(good(verify_svid(n2.chain, bundle, fleet.now)))).empty());
  const SigningKey next = good(SigningKey::generate());
  CHECK_THAT(said(fleet.authority->renew(renewal(fleet.now, n1, next, n1.id), fleet.now)),
             has("was revoked"));
  CHECK_THAT(join(fleet, token, next).error, has("no such join token"));
  // Back with a new token.
  const Attempt again = join(fleet, fleet.invite(n1.id), next);
  REQUIRE(again.error.empty());
  CHECK(
      said(fleet.revocations().check(good(verify_svid(again.joined.chain, bundle, fleet.now + 2s))))
          .empty());

  good(fleet.authority->revoke_key(n2.key.id(), "t", "lost", fleet.now));
  CHECK_THAT(said(fleet.revocations().check(good(verify_svid(n2.chain, bundle, fleet.now)))),
             has("was revoked"));
  CHECK_THAT(said(fleet.authority->certify(good(make_request(n2.key, n2.id)), {}, "t", fleet.now)),
             has("key that was revoked"));
  CHECK_THAT(said(fleet.authority->revoke(fleet.id(Role::authority, "main"), "t", "", fleet.now)),
             has("nobody's to revoke"));
  CHECK_THAT(said(fleet.authority->revoke_key("short", "t", "", fleet.now)), has("has 32 bytes"));
}

TEST_CASE("a stolen key takes along what it was renewed to, also when it has expired itself") {
  Fleet fleet;
  const Member n1 = fleet.member(Role::node, "n1"), n2 = fleet.member(Role::node, "n2");
  const SigningKey second = good(SigningKey::generate()), third = good(SigningKey::generate());
  const auto later = fleet.now + 20h;
  const auto chain = good(fleet.authority->renew(renewal(later, n1, second, n1.id), later));
  good(fleet.authority->certify(good(make_request(third, fleet.id(Role::node, "n3"))), {}, "t",
                                fleet.now + 25h));
  good(fleet.authority->revoke_key(n1.key.id(), "t", "stolen", fleet.now + 25h));
  const Bundle bundle = good(fleet.authority->bundle());
  const Revocations list = good(Revocations().next(
      good(fleet.authority->revocations(fleet.now + 25h)), bundle, fleet.now + 25h));
  CHECK_THAT(said(list.check(good(verify_svid(chain, bundle, later)))), has("was revoked"));
  CHECK_THAT(said(list.check(good(verify_svid(n1.chain, bundle, fleet.now)))), has("was revoked"));
  CHECK(said(list.check(good(verify_svid(n2.chain, bundle, fleet.now)))).empty());
  CHECK_THAT(read(fleet.dir / "ca/audit.log"), has("and what spiffe://shop.example/node/n1 had"));
}

TEST_CASE("a revocation finds what was certified, whatever the clock says since") {
  Fleet fleet;
  auto revoked = [&](const Member &member) {
    const Svid svid =
        good(verify_svid(member.chain, good(fleet.authority->bundle()), fleet.now + 10min));
    return said(fleet.revocations().check(svid));
  };
  const UnixNanos now = fleet.now;
  fleet.now = now + 5min;
  const Member ahead = fleet.member(Role::node, "n1");
  fleet.now = now;
  good(fleet.authority->revoke(ahead.id, "t", "stolen", now));
  CHECK_THAT(revoked(ahead), has("was revoked"));
  // What is made after it in the same second is good, until it is revoked in that second as well.
  const Member again = fleet.member(Role::node, "n1");
  CHECK(revoked(again).empty());
  good(fleet.authority->revoke(ahead.id, "t", "stolen again", now));
  CHECK_THAT(revoked(again), has("was revoked"));
}

TEST_CASE("the list stays as it is for a day, and is then signed anew under the next number") {
  Fleet fleet;
  const std::string list = good(fleet.authority->revocations(fleet.now));
  CHECK(good(fleet.authority->revocations(fleet.now + 23h)) == list);
  const Bundle bundle = good(fleet.authority->bundle());
  const Revocations first = good(Revocations().next(list, bundle, fleet.now));
  const std::string later = good(fleet.authority->revocations(fleet.now + 25h));
  const Revocations second = good(first.next(later, bundle, fleet.now + 25h));
  CHECK(second.number() == first.number() + 1);
  CHECK(second.due() > first.due());
  CHECK_THAT(said(second.next(list, bundle, fleet.now + 25h)), has("older than"));
}

TEST_CASE("a new intermediate takes over, and a stolen one can be revoked") {
  Fleet fleet;
  const Member before = fleet.member(Role::node, "n1");
  const std::string stolen =
      good(verify_svid(before.chain, good(fleet.authority->bundle()), fleet.now)).key_ids[1];
  CHECK_THAT(said(fleet.authority->revoke_key(stolen, "t", "stolen", fleet.now)),
             has("rotate to a new one first"));
  // A second process has it open meanwhile.
  const auto other = good(Authority::open(fleet.dir / "ca"));
  good(fleet.authority->rotate(fleet.root_key(), "t", fleet.now));
  CHECK_FALSE(std::filesystem::exists(fleet.dir / "ca/intermediate-1.key"));
  CHECK(std::filesystem::exists(fleet.dir / "ca/intermediate-2.key"));
  const Bundle bundle = good(fleet.authority->bundle());
  CHECK(said(verify_svid(before.chain, bundle, fleet.now)).empty());
  const SigningKey key = good(SigningKey::generate());
  const auto chain =
      good(other->certify(good(make_request(key, fleet.id(Role::node, "n2"))), {}, "t", fleet.now));
  const Svid after = good(verify_svid(chain, bundle, fleet.now));
  CHECK(after.key_ids[1] != stolen);
  const Revocations held = fleet.revocations();
  good(fleet.authority->revoke_key(stolen, "t", "stolen", fleet.now));
  const Revocations list =
      good(held.next(good(fleet.authority->revocations(fleet.now)), bundle, fleet.now));
  CHECK_THAT(said(list.check(good(verify_svid(before.chain, bundle, fleet.now)))),
             has("was revoked"));
  CHECK(said(list.check(after)).empty());
  const std::string root = after.key_ids.back();
  CHECK_THAT(said(fleet.authority->revoke_key(root, "t", "", fleet.now)), has("this is a root"));
  const SigningKey unknown = good(SigningKey::generate());
  good(unknown.save(fleet.dir / "unknown.key"));
  CHECK_THAT(said(fleet.authority->rotate(fleet.dir / "unknown.key", "t", fleet.now)),
             has("not the key of a root"));
}

TEST_CASE("a fleet changes its root while its members go on") {
  Fleet fleet;
  const std::string second_key = fleet.dir / "root-2.key";
  const Bundle first = good(fleet.authority->bundle());
  const Member n1 = fleet.member(Role::node, "n1");
  const std::string old_root = good(verify_svid(n1.chain, first, fleet.now)).key_ids.back();
  auto follow = [&](const Bundle &held) {
    return follow_bundles(held, good(fleet.authority->signed_bundles()), fleet.now);
  };
  CHECK(follow(first).roots == first.roots);
  CHECK_THAT(said(fleet.authority->add_root(second_key, second_key, "t", fleet.now)),
             has("No such file"));
  good(fleet.authority->add_root(fleet.root_key(), second_key, "t", fleet.now));
  CHECK_THAT(said(fleet.authority->drop_root(old_root, second_key, "t", fleet.now)),
             has("rotate to another one first"));
  fleet.revocations(); // under the first intermediate
  // The old root vouches for the new one.
  const Bundle both = follow(first);
  CHECK(both.roots.size() == 2);
  CHECK(both.sequence > first.sequence);
  REQUIRE(join(fleet, fleet.invite(fleet.id(Role::node, "n5")), good(SigningKey::generate()))
              .error.empty());
  const std::string pinned = fleet.invite(fleet.id(Role::node, "n4"));
  good(fleet.authority->rotate(second_key, "t", fleet.now));
  CHECK_THAT(read(fleet.dir / "ca/audit.log"), has("invitations void: 1"));
  CHECK_FALSE(join(fleet, pinned, good(SigningKey::generate())).error.empty());
  const Member n2 = fleet.member(Role::node, "n2");
  CHECK_FALSE(said(verify_svid(n2.chain, first, fleet.now)).empty());
  CHECK(said(verify_svid(n2.chain, both, fleet.now)).empty());
  CHECK(said(verify_svid(n1.chain, both, fleet.now)).empty());
  const Attempt n3 =
      join(fleet, fleet.invite(fleet.id(Role::node, "n3")), good(SigningKey::generate()));
  REQUIRE(n3.error.empty());
  CHECK(n3.joined.bundle.roots == both.roots);
  CHECK_THAT(said(fleet.authority->drop_root(old_root, fleet.root_key(), "t", fleet.now)),
             has("members hear it from another one"));
  good(fleet.authority->drop_root(old_root, second_key, "t", fleet.now));
  const Bundle last = follow(both);
  CHECK(last.roots.size() == 1);
  // The list leads to the root that is left, on the same day.
  CHECK(said(Revocations().next(good(fleet.authority->revocations(fleet.now)), last, fleet.now))
            .empty());
  CHECK_THAT(said(verify_svid(n1.chain, last, fleet.now)), has("does not lead to a root"));
  CHECK_THAT(said(fleet.authority->drop_root(old_root, second_key, "t", fleet.now)),
             has("no such root"));
  // Who was away all the time holds the first root only.
  CHECK(follow(first).roots == last.roots);
}

TEST_CASE("two fleets exchange bundles and check each other's members") {
  Fleet one("one.example"), two("two.example");
  const Bundle theirs =
      good(read_document(good(to_document(good(two.authority->bundle()))), "two.example"));
  const Member node = two.member(Role::node, "n1");
  CHECK(good(verify_svid(node.chain, theirs, two.now)).id == node.id);
  CHECK_THAT(said(verify_svid(node.chain, good(one.authority->bundle()), one.now)),
             has("not of the fleet one.example"));
}

TEST_CASE("everything that the authority does is in its log, and the log is whole or it stops") {
  Fleet fleet;
  const Member n1 = fleet.member(Role::node, "n1");
  join(fleet, fleet.invite(fleet.id(Role::node, "n2")), good(SigningKey::generate()));
  good(fleet.authority->renew(renewal(fleet.now, n1, good(SigningKey::generate()), n1.id),
                              fleet.now));
  good(fleet.authority->revoke(n1.id, "alice", "gone", fleet.now));
  good(fleet.authority->revoke_key(std::string(32, 'k'), "alice", "lost", fleet.now));
  const std::string first =
      good(verify_svid(n1.chain, good(fleet.authority->bundle()), fleet.now)).key_ids.back();
  good(fleet.authority->add_root(fleet.root_key(), fleet.dir / "root-2.key", "bob", fleet.now));
  good(fleet.authority->rotate(fleet.dir / "root-2.key", "bob", fleet.now));
  good(fleet.authority->drop_root(first, fleet.dir / "root-2.key", "bob", fleet.now));
  good(fleet.authority->record({fleet.now, "alice", "apply", "shop", "digest"}));
  const std::string log = read(fleet.dir / "ca/audit.log");
  for (const char *what : {"create", "certify", "invite", "join", "renew", "revoke", "add-root",
                           "rotate", "drop-root", "apply"})
    CHECK(log.find("\"what\":\"" + std::string(what) + "\"") != std::string::npos);
  CHECK(log.find("\"about\":\"key 6b6b6b") != std::string::npos);
  CHECK(good(fleet.authority->verify_audit()).sequence == 11);
  write(fleet.dir / "ca/audit.log", log.substr(0, log.rfind('\n', log.size() - 2) + 1));
  CHECK_THAT(said(fleet.authority->verify_audit()), has("ends too early"));
  CHECK_THAT(said(fleet.authority->invite(fleet.id(Role::node, "n3"), 1h, "t", fleet.now)),
             has("was cut or changed"));
}
