#include "support.h"

using namespace nemo;
using namespace nemo::trust;
using nemo::test::good;
using nemo::test::said;

TEST_CASE("a SPIFFE ID names fleet, role and member") {
  const SpiffeId id = good(parse_id("spiffe://shop.example/operator/alice"));
  CHECK(id == SpiffeId{"shop.example", Role::operator_, "alice"});
  for (const Role role : {Role::node, Role::operator_, Role::viewer, Role::controller, Role::broker,
                          Role::authority}) {
    const SpiffeId one{"f", role, "n1"};
    CHECK(good(parse_id(one.text())) == one);
  }
}

TEST_CASE("what is not exactly a SPIFFE ID of a member is refused") {
  const std::string longest = "spiffe://f/node/" + std::string(63, 'a');
  CHECK(said(parse_id(longest)).empty());
  for (const std::string &text : {std::string(),
                                  std::string("spiffe:/f/node/n"),
                                  std::string("SPIFFE://f/node/n"),
                                  std::string("https://f/node/n"),
                                  std::string("spiffe:///node/n"),
                                  std::string("spiffe://F/node/n"),
                                  std::string("spiffe://f:1/node/n"),
                                  std::string("spiffe://u@f/node/n"),
                                  std::string("spiffe://f"),
                                  std::string("spiffe://f/"),
                                  std::string("spiffe://f/node"),
                                  std::string("spiffe://f/node/"),
                                  std::string("spiffe://f/node/n/"),
                                  std::string("spiffe://f/node/n/m"),
                                  std::string("spiffe://f//n"),
                                  std::string("spiffe://f/node/.."),
                                  std::string("spiffe://f/node/a.b"),
                                  std::string("spiffe://f/node/N"),
                                  std::string("spiffe://f/node/n%31"),
                                  std::string("spiffe://f/node/n?q"),
                                  std::string("spiffe://f/node/n#x"),
                                  std::string("spiffe://f/root/n"),
                                  std::string("spiffe://f/node/*"),
                                  std::string("spiffe://f/node/>"),
                                  std::string("spiffe://f/node/n\0", 18),
                                  longest + "a",
                                  "spiffe://" + std::string(256, 'f') + "/node/n"}) {
    INFO(shown(text));
    CHECK_FALSE(said(parse_id(text)).empty());
  }
}

TEST_CASE("foreign text is shown without what a terminal would obey") {
  CHECK(shown("a\x1b[2J") == "'a\\1B[2J'");
  CHECK(shown(std::string(5000, 'x')).size() < 120);
}
