// Each rule of the X.509-SVID specification, broken by a certificate that the fleet's real
// intermediate signed.
#include "support.h"

#include <openssl/x509v3.h>

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;

namespace {

constexpr auto node = "spiffe://shop.example/node/n1";

/// Verifies a leaf with these extensions.
std::string forged(const World &world, const Extensions &extensions) {
  const SigningKey key = good(SigningKey::generate());
  const std::vector<std::string> chain = {
      forge(world.intermediate, key, extensions, {world.now - 1h, world.now + 1h}),
      world.intermediate.certificate};
  return said(verify_svid(chain, world.bundle, world.now));
}

Extensions with(Extensions extensions, int nid, const std::string &value) {
  for (auto &[which, text] : extensions)
    if (which == nid)
      text = value;
  return extensions;
}

Extensions without(Extensions extensions, int nid) {
  std::erase_if(extensions, [&](const auto &entry) { return entry.first == nid; });
  return extensions;
}

} // namespace

TEST_CASE("a member's certificate says who it is") {
  const World world;
  const Member member = world.member(Role::node, "n1");
  const Svid svid = good(verify_svid(member.chain, world.bundle, world.now));
  CHECK(svid.id.text() == node);
  CHECK(svid.key_ids.size() == 3);
  CHECK(svid.key_ids.front() == member.key.id());
  CHECK(svid.key_ids.back() == world.root.key.id());
  CHECK(forged(world, usual(node)).empty());
}

TEST_CASE("certificates count from their first second to their last") {
  const World world;
  const Member member = world.member(Role::node, "n1", {world.now, world.now + 1h});
  CHECK(said(verify_svid(member.chain, world.bundle, world.now + 59min)).empty());
  CHECK_THAT(said(verify_svid(member.chain, world.bundle, world.now - 1min)), has("not yet valid"));
  CHECK_THAT(said(verify_svid(member.chain, world.bundle, world.now + 61min)), has("has expired"));
  // A member's certificate does not outlive the intermediate's.
  const Member late = world.member(Role::node, "n1", {world.now, world.now + 24h * 1000});
  CHECK_THAT(said(verify_svid(late.chain, world.bundle, world.now + 24h * 366)),
             has("has expired"));
}

TEST_CASE("a path has to lead to a root that is pinned for this fleet") {
  const World world, other("other.example"), same_name;
  const Member member = world.member(Role::node, "n1");
  CHECK_THAT(said(verify_svid(member.chain, other.bundle, world.now)), has("not of the fleet"));
  CHECK_THAT(said(verify_svid(member.chain, same_name.bundle, world.now)),
             has("does not lead to a root"));
  CHECK_THAT(said(verify_svid({member.chain.front()}, world.bundle, world.now)),
             has("does not lead to a root"));
  // Another fleet's authority, pinned for that fleet, cannot make members of this one.
  Bundle both = other.bundle;
  both.fleet = world.fleet;
  const SigningKey key = good(SigningKey::generate());
  const std::string alien =
      forge(other.intermediate, key, usual(node), {world.now - 1h, world.now + 1h});
  CHECK_THAT(said(verify_svid({alien, other.intermediate.certificate}, both, world.now)),
             has("a signing certificate in the path carries"));
  std::string changed = member.chain.front();
  changed.back() = static_cast<char>(changed.back() ^ 1);
  CHECK_THAT(said(verify_svid({changed, member.chain.back()}, world.bundle, world.now)),
             has("signature"));
}

TEST_CASE("a leaf has exactly one URI, a SPIFFE ID of the fleet") {
  const World world;
  const int san = NID_subject_alt_name;
  CHECK_THAT(forged(world, with(usual(node), san,
                                std::string("URI:") + node + ",URI:spiffe://shop.example/node/n2")),
             has("has 2 URIs"));
  CHECK_THAT(forged(world, with(usual(node), san,
                                std::string("URI:") + node + ",URI:https://shop.example")),
             has("has 2 URIs"));
  CHECK_THAT(forged(world, with(usual(node), san, "DNS:n1.shop.example")), has("has 0 URIs"));
  CHECK_THAT(forged(world, without(usual(node), san)), has("has 0 URIs"));
  CHECK_THAT(forged(world, usual("https://shop.example/node/n1")), has("is no SPIFFE ID"));
  CHECK_THAT(forged(world, usual("spiffe://shop.example")), has("names no role"));
  CHECK_THAT(forged(world, usual("spiffe://shop.example/king/n1")), has("names no role"));
  CHECK_THAT(forged(world, usual("spiffe://other.example/node/n1")), has("not of the fleet"));
  CHECK(forged(world, with(usual(node), san, std::string("DNS:n1,URI:") + node)).empty());
}

TEST_CASE("a leaf signs nothing but what it says") {
  const World world;
  CHECK_THAT(forged(world, with(usual(node), NID_basic_constraints, "critical,CA:TRUE")),
             has("signing certificate"));
  CHECK_THAT(
      forged(world, with(usual(node), NID_key_usage, "critical,digitalSignature,keyCertSign")),
      has("keyCertSign or cRLSign"));
  CHECK_THAT(forged(world, with(usual(node), NID_key_usage, "critical,digitalSignature,cRLSign")),
             has("keyCertSign or cRLSign"));
  CHECK_THAT(forged(world, with(usual(node), NID_key_usage, "critical,keyAgreement")),
             has("lacks digitalSignature"));
  CHECK_THAT(forged(world, with(usual(node), NID_key_usage, "digitalSignature")),
             has("critical key usage"));
  CHECK_THAT(forged(world, without(usual(node), NID_key_usage)), has("critical key usage"));
  CHECK_THAT(forged(world, with(usual(node), NID_ext_key_usage, "serverAuth")),
             has("lacks serverAuth or clientAuth"));
  CHECK(forged(world, without(usual(node), NID_ext_key_usage)).empty());
  CHECK(said(verify_svid({world.intermediate.certificate}, world.bundle, world.now))
            .find("signing certificate") != std::string::npos);
}

TEST_CASE("a member cannot sign for others, and the path has its length") {
  const World world;
  const Member member = world.member(Role::node, "n1");
  const SigningKey key = good(SigningKey::generate());
  // Signed with the member's real key.
  const TempDir dir;
  good(member.key.save(dir / "k"));
  const authority::Issuer traitor{good(SigningKey::load(dir / "k")), member.chain.front()};
  const std::string made = forge(traitor, key, usual("spiffe://shop.example/operator/eve"),
                                 {world.now - 1h, world.now + 1h});
  CHECK_THAT(said(verify_svid({made, member.chain.front(), world.intermediate.certificate},
                              world.bundle, world.now)),
             has("invalid CA certificate"));
  // The intermediate may not make another one: its path length is 0.
  SigningKey below = good(SigningKey::generate());
  const std::string second =
      forge(world.intermediate, below,
            {{NID_basic_constraints, "critical,CA:TRUE"}, {NID_key_usage, "critical,keyCertSign"}},
            {world.now - 1h, world.now + 1h});
  const authority::Issuer nested{std::move(below), second};
  const std::string leaf = forge(nested, key, usual(node), {world.now - 1h, world.now + 1h});
  CHECK_THAT(
      said(verify_svid({leaf, second, world.intermediate.certificate}, world.bundle, world.now)),
      has("path length constraint exceeded"));
  const std::vector<std::string> many(5, member.chain.front());
  CHECK_THAT(said(verify_svid(many, world.bundle, world.now)), has("it has to be 1 to 4"));
  CHECK_THAT(said(verify_svid({}, world.bundle, world.now)), has("it has to be 1 to 4"));
}

TEST_CASE("certificates are whole, and no more than that") {
  const World world;
  const std::string der = world.root.certificate;
  CHECK_THAT(said(parse_certificate(der + "x")), has("1 bytes after a certificate"));
  CHECK_THAT(said(parse_certificate(der.substr(0, der.size() - 1))), has("cannot be read"));
  CHECK_THAT(said(parse_certificate(std::string(20'000, '0'))), has("over the limit"));
  CHECK(good(certificates_in("text\n" + to_pem({der, world.intermediate.certificate}))) ==
        std::vector<std::string>{der, world.intermediate.certificate});
  CHECK_THAT(said(certificates_in("nothing")), has("no certificate in PEM"));
}

TEST_CASE("a request proves the possession of its key") {
  const SigningKey key = good(SigningKey::generate());
  const SpiffeId id{"shop.example", Role::node, "n1"};
  const std::string der = good(make_request(key, id));
  const CertificateRequest request = good(parse_request(der));
  CHECK(request.id == id);
  CHECK(request.key_id == key.id());
  // Another key, put where the old one was: the signature no longer holds.
  const std::string mine = to_der(i2d_PUBKEY, key.get());
  const std::string theirs = to_der(i2d_PUBKEY, good(SigningKey::generate()).get());
  std::string stolen = der;
  stolen.replace(stolen.find(mine), mine.size(), theirs);
  CHECK_THAT(said(parse_request(stolen)), has("not signed by the key that it names"));
  std::string renamed = der;
  renamed[renamed.find("node/n1") + 6] = '2';
  CHECK_THAT(said(parse_request(renamed)), has("not signed by the key that it names"));
  CHECK_THAT(said(parse_request(der + "x")), has("bytes after"));
  CHECK_THAT(said(parse_request("")), has("cannot be read"));
}
