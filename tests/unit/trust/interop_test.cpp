// Certificates as others see them: openssl's own program accepts them for servers and clients, and
// refuses what it should.
#include "fleet.h"

#include "base/subprocess.h"

using namespace nemo;
using namespace nemo::trust;
using namespace nemo::test;

namespace {

/// openssl with these arguments: its exit code, and what it printed.
Output openssl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "openssl");
  return good(run(arguments));
}

} // namespace

TEST_CASE("openssl verifies members for TLS servers and clients") {
  Fleet fleet, other;
  const TempDir dir;
  write(dir / "root.pem", to_pem(good(fleet.authority->bundle()).roots));
  write(dir / "other.pem", to_pem(good(other.authority->bundle()).roots));
  for (const Role role : {Role::node, Role::operator_, Role::controller, Role::broker}) {
    const Member member = fleet.member(role, "m", {"m.shop.example"});
    write(dir / "leaf.pem", to_pem({member.chain.front()}));
    write(dir / "intermediate.pem", to_pem({member.chain.back()}));
    for (const char *purpose : {"sslserver", "sslclient"}) {
      auto verify = [&](const std::string &roots, const std::string &host) {
        return openssl({"verify", "-x509_strict", "-purpose", purpose, "-CAfile", roots,
                        "-untrusted", dir / "intermediate.pem", "-verify_hostname", host,
                        dir / "leaf.pem"})
            .exit_code;
      };
      CHECK(verify(dir / "root.pem", "m.shop.example") == 0);
      CHECK(verify(dir / "root.pem", "other.example") != 0);
      CHECK(verify(dir / "other.pem", "m.shop.example") != 0);
    }
  }
}

TEST_CASE("openssl reads the fields as they are meant, and the request") {
  Fleet fleet;
  const TempDir dir;
  const Member member = fleet.member(Role::node, "n1");
  write(dir / "leaf.pem", to_pem({member.chain.front()}));
  const std::string text = openssl({"x509", "-in", dir / "leaf.pem", "-noout", "-text"}).text;
  for (const char *field :
       {"URI:spiffe://shop.example/node/n1", "CA:FALSE", "prime256v1", "ecdsa-with-SHA256",
        "TLS Web Server Authentication, TLS Web Client Authentication",
        "X509v3 Key Usage: critical\n                Digital Signature\n"})
    CHECK_THAT(text, has(field));
  write(dir / "intermediate.pem", to_pem({member.chain.back()}));
  const std::string signing =
      openssl({"x509", "-in", dir / "intermediate.pem", "-noout", "-text"}).text;
  CHECK_THAT(signing, has("CA:TRUE, pathlen:0"));
  CHECK_THAT(signing, has("URI:spiffe://shop.example\n"));
  write(dir / "csr.der", good(make_request(member.key, member.id)));
  CHECK(openssl({"req", "-inform", "DER", "-in", dir / "csr.der", "-noout", "-verify"}).exit_code ==
        0);
  CHECK_THAT(openssl({"req", "-inform", "DER", "-in", dir / "csr.der", "-noout", "-text"}).text,
             has("URI:spiffe://shop.example/node/n1"));
}
