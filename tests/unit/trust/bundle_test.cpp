#include "protocol/trust/bundle.h"

#include "llvm/Support/JSON.h"

#include "protocol/trust/base64.h"
#include "support.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;

TEST_CASE("a bundle survives its document, which has what SPIFFE asks for") {
  const World world, second;
  const Bundle bundle{world.fleet, {world.root.certificate, second.root.certificate}, 7, 600};
  const std::string text = good(to_document(bundle));
  const Bundle back = good(read_document(text, world.fleet));
  CHECK(back.roots == bundle.roots);
  CHECK(back.sequence == 7);
  CHECK(back.refresh_s == 600);
  CHECK(said(verify_svid(world.member(Role::node, "n1").chain, back, world.now)).empty());

  auto json = good(llvm::json::parse(text));
  const llvm::json::Object &object = *json.getAsObject();
  CHECK(object.getInteger("spiffe_sequence") == 7);
  CHECK(object.getInteger("spiffe_refresh_hint") == 600);
  const llvm::json::Array &keys = *object.getArray("keys");
  REQUIRE(keys.size() == 2);
  const llvm::json::Object &key = *keys[0].getAsObject();
  CHECK(key.getString("use") == llvm::StringRef("x509-svid"));
  CHECK(key.getString("kty") == llvm::StringRef("EC"));
  CHECK(key.getString("crv") == llvm::StringRef("P-256"));
  CHECK(key.get("kid") == nullptr);
  CHECK(key.getArray("x5c")->size() == 1);
  // The coordinates are those of the certificate's key: 04 x y at the end of its
  // SubjectPublicKeyInfo.
  const Certificate root = good(parse_certificate(world.root.certificate));
  const std::string spki = to_der(i2d_PUBKEY, X509_get0_pubkey(root.get()));
  CHECK(*from_base64url(*key.getString("x")) + *from_base64url(*key.getString("y")) ==
        spki.substr(spki.size() - 64));
}

TEST_CASE("entries of other kinds are ignored, as the specification asks") {
  const World world;
  const std::string x5c = "\"" + to_base64(world.root.certificate) + "\"";
  auto read = [&](const std::string &keys) {
    return read_document("{\"keys\":[" + keys + "]}", world.fleet);
  };
  const std::string good_one = R"({"use":"x509-svid","kty":"EC","x5c":[)" + x5c + "]}";
  for (const std::string &other :
       {std::string(R"({"use":"jwt-svid","kty":"EC","kid":"a","crv":"P-256","x":"","y":""})"),
        std::string(R"({"use":"x509-svid","kty":"EC"})"),
        std::string(R"({"use":"x509-svid","kty":"EC","x5c":[]})"),
        std::string(R"({"use":"x509-svid","kty":"oct","x5c":["AA=="]})"), std::string("7"),
        std::string("null"), std::string(R"({"use":"new","kty":"EC","x5c":["AA=="]})")}) {
    INFO(other);
    const Bundle bundle = good(read(other + "," + good_one));
    CHECK(bundle.roots == std::vector{world.root.certificate});
    CHECK(bundle.sequence == 0);
    CHECK_THAT(said(read(other)), has("no root for X.509"));
  }
  // Of several certificates, the first.
  CHECK(
      good(read(R"({"use":"x509-svid","kty":"EC","x5c":[)" + x5c + R"(,"AA=="]})")).roots.size() ==
      1);
}

TEST_CASE("a document that says something else is refused") {
  const World world, other("other.example");
  auto with_root = [](const std::string &der) {
    return R"({"keys":[{"use":"x509-svid","kty":"EC","x5c":[")" + to_base64(der) + "\"]}]}";
  };
  CHECK_THAT(said(read_document("", "f")), has("is no JSON"));
  CHECK_THAT(said(read_document("[]", "f")), has("no array of keys"));
  CHECK_THAT(said(read_document(R"({"keys":{}})", "f")), has("no array of keys"));
  CHECK_THAT(said(read_document(R"({"keys":[],"spiffe_sequence":-1})", "f")),
             has("no number of 64 bits"));
  CHECK_THAT(said(read_document("{}", "No Fleet")), has("cannot be a fleet's name"));
  CHECK_THAT(said(read_document(std::string(100'000, '['), "f")), has("too deep"));
  CHECK_THAT(said(read_document(std::string(2 << 20, ' '), "f")), has("too deep"));
  CHECK_THAT(said(read_document(R"({"keys":[{"use":"x509-svid","kty":"EC","x5c":["&"]}]})", "f")),
             has("not in base64"));
  CHECK_THAT(said(read_document(with_root("junk"), world.fleet)), has("cannot be read"));
  CHECK_THAT(
      said(read_document(with_root(world.member(Role::node, "n1").chain.front()), world.fleet)),
      has("no signing certificate"));
  CHECK_THAT(said(read_document(with_root(other.root.certificate), world.fleet)),
             has("carries 'spiffe://other"));
}

TEST_CASE("a bundle only goes forward") {
  const World world, second;
  const Bundle held{world.fleet, {world.root.certificate}, 5, 0};
  Bundle next = held;
  CHECK(good(newer(held, next)).sequence == 5);
  next.roots.push_back(second.root.certificate);
  CHECK_THAT(said(newer(held, next)), has("other roots than before"));
  next.sequence = 4;
  CHECK_THAT(said(newer(held, next)), has("5 was accepted before"));
  next.sequence = 6;
  CHECK(good(newer(held, next)).roots.size() == 2);
  next.fleet = "other.example";
  CHECK_THAT(said(newer(held, next)), has("not of shop.example"));
}

TEST_CASE("only a root vouches for another, and an intermediate for those of other fleets") {
  World world, rogue;
  const World other("other.example");
  const Bundle both{world.fleet, {world.root.certificate, rogue.root.certificate}, 2, 0};
  auto next = [&](const Bundle &held, const std::string &statement, UnixNanos now) {
    return next_bundle(held, statement, world.trust(), now);
  };
  CHECK_THAT(said(next(world.bundle, world.vouched(both, world.intermediate), world.now)),
             has("not for an intermediate to say"));
  const std::string by_root = world.vouched(both, world.root);
  CHECK(good(next(world.bundle, by_root, world.now)).roots == both.roots);
  // It goes on to hold, for members that were away.
  CHECK(good(next(world.bundle, by_root, world.now + 24h * 300)).roots == both.roots);
  const std::vector<std::string> statements = {world.vouched(both, world.intermediate), "junk",
                                               by_root};
  CHECK(follow_bundles(world.bundle, statements, world.now).roots == both.roots);
  CHECK(follow_bundles(rogue.bundle, statements, world.now).roots == rogue.bundle.roots);

  const Bundle theirs{other.fleet, {other.root.certificate}, 2, 0};
  Bundle held = theirs;
  held.sequence = 1;
  const std::string foreign = world.vouched(theirs, world.intermediate);
  CHECK(good(next(held, foreign, world.now)).sequence == 2);
  CHECK_THAT(said(next(held, foreign, world.now + 25h)), has("expired at"));
  held.issued_unix_ms = to_unix_ms(world.now + 1h);
  CHECK_THAT(said(next(held, foreign, world.now)), has("issued before what was accepted last"));
  // Without a sequence the order is that of the statements; and a fleet may withdraw all its roots.
  const World next_root("other.example");
  Bundle plain{other.fleet, {other.root.certificate}, 0, 0};
  const Bundle other_plain{other.fleet, {next_root.root.certificate}, 0, 0};
  const std::string changed = world.vouched(other_plain, world.intermediate);
  plain = good(next(plain, changed, world.now));
  CHECK(plain.roots == other_plain.roots);
  CHECK_THAT(
      said(next(plain,
                world.vouched({other.fleet, {other.root.certificate}, 0, 0}, world.intermediate),
                world.now)),
      has("other roots than before"));
  held.issued_unix_ms = 0;
  const Bundle gone =
      good(next(held, world.vouched({other.fleet, {}, 3, 0}, world.intermediate), world.now));
  CHECK(gone.roots.empty());
  CHECK_FALSE(said(verify_svid(other.member(Role::node, "n").chain, gone, world.now)).empty());
  CHECK_THAT(
      said(next(world.bundle, world.vouched({world.fleet, {}, 3, 0}, world.root), world.now)),
      has("no root for X.509"));
  world.revocations = good(
      Revocations().next(world.revoked(1, {world.intermediate.key.id()}), world.bundle, world.now));
  CHECK_THAT(said(next(held, foreign, world.now)), has("was revoked"));
  CHECK(good(next(world.bundle, by_root, world.now)).roots == both.roots);
}

TEST_CASE("base64 has one text for each value") {
  for (size_t size = 0; size < 70; ++size) {
    const std::string bytes = random_bytes(size);
    CHECK(from_base64(to_base64(bytes)) == bytes);
    CHECK(from_base64url(to_base64url(bytes)) == bytes);
  }
  CHECK(to_base64url("\xfb\xff") == "-_8");
  CHECK(from_base64url("-_9") == std::nullopt); // bits beyond the last byte
  CHECK(from_base64url("-_8=") == std::nullopt);
  CHECK(from_base64url("+/8") == std::nullopt);
  CHECK(from_base64url("a") == std::nullopt);
  CHECK(from_base64("AA=") == std::nullopt);
  CHECK(from_base64("A\n==") == std::nullopt);
}
