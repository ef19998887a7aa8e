#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include "backends/fleet/authority/authority.h"
#include "backends/fleet/service/members.h"
#include "protocol/membership/exchange.h"

using namespace nemo;
using namespace nemo::membership;
using trust::Role;
using trust::SpiffeId;

namespace {

template <typename T> T good(llvm::Expected<T> result) {
  if (!result)
    FAIL(llvm::toString(result.takeError()));
  return std::move(*result);
}
void good(llvm::Error error) {
  if (error)
    FAIL(llvm::toString(std::move(error)));
}
template <typename T> std::string said(llvm::Expected<T> result) {
  return result ? std::string() : llvm::toString(result.takeError());
}

struct World {
  World() {
    char name[] = "/tmp/nemo-broker-XXXXXX";
    REQUIRE(::mkdtemp(name));
    path = name;
    good(authority::Authority::create(path + "/authority", "f", path + "/root.key", "me", now()));
    authority = good(authority::Authority::open(path + "/authority"));
  }
  ~World() {
    authority.reset();
    std::filesystem::remove_all(path);
  }

  Credentials certify(const SpiffeId &id, const trust::SigningKey &key) {
    Credentials made;
    made.chain = good(authority->certify(good(trust::make_request(key, id)), {}, "me", now()));
    made.bundle = good(authority->bundle());
    made.revocations =
        good(trust::Revocations().next(good(authority->revocations(now())), made.bundle, now()));
    return made;
  }

  std::string path;
  std::unique_ptr<authority::Authority> authority;
};

} // namespace

TEST_CASE("addresses have a host and a port") {
  CHECK(good(parse_address("10.0.0.1:80", 0)) == Address{"10.0.0.1", 80});
  CHECK(good(parse_address("gw.example", 7422)) == Address{"gw.example", 7422});
  CHECK(good(parse_address("[fd00::1]:80", 0)) == Address{"fd00::1", 80});
  CHECK(good(parse_address("fd00::1", 9)).text() == "[fd00::1]:9");
  for (const char *odd : {"", ":80", "a b:80", "host:0", "host:65536", "host:x", "-x:1", "[::1]x:1",
                          "host:1;rm", "a\"b:1"})
    CHECK(said(parse_address(odd, 1)) != "");
  CHECK(said(parse_address("host", 0)) != "");
}

TEST_CASE("a member is read as it was written, and its files are its own") {
  World world;
  const SpiffeId id{"f", Role::node, "gw1"};
  const auto key = good(trust::SigningKey::generate());
  const std::string directory = world.path + "/state/node";
  good(Member::create(directory, id, key, world.certify(id, key), {"a:1", {"b:2", "c:3"}}));
  Member member = good(Member::load(directory));
  CHECK(member.id() == id);
  CHECK(member.key().id() == key.id());
  CHECK(member.sealing_key() != nullptr);
  CHECK(member.places().authority == "a:1");
  CHECK(member.places().brokers == std::vector<std::string>{"b:2", "c:3"});
  CHECK(good(member.svid(now())).id == id);
  for (const auto &file : std::filesystem::directory_iterator(directory)) {
    struct stat facts {};
    REQUIRE(::stat(file.path().c_str(), &facts) == 0);
    CHECK((facts.st_mode & 077) == 0);
  }
  // Never over another identity.
  auto again = Member::create(directory, id, key, world.certify(id, key), {"a:1", {"b:2"}});
  CHECK_THAT(llvm::toString(std::move(again)), Catch::Matchers::Contains("there already"));
  // Newer ones take the place of the old.
  good(member.replace(world.certify(id, key), {"d:4", {"e:5"}}));
  CHECK(good(Member::load(directory)).places().authority == "d:4");
}

TEST_CASE("what is no member's directory is refused") {
  World world;
  CHECK(said(Member::load(world.path + "/nobody")) != "");
  const SpiffeId id{"f", Role::viewer, "v"};
  const auto key = good(trust::SigningKey::generate());
  const std::string directory = world.path + "/viewer";
  good(Member::create(directory, id, key, world.certify(id, key), {"a:1", {"b:2"}}));
  for (const char *text :
       {"", "{", "[]", R"({"id":1})", R"({"id":"x","authority":"a","brokers":[]})"}) {
    std::ofstream(directory + "/member.json") << text;
    CHECK(said(Member::load(directory)) != "");
  }
}

TEST_CASE("where the brokers are is checked") {
  CHECK(good(read_places(places_json({"a:1", "[fd00::1]:2"}))) ==
        std::vector<std::string>{"a:1", "[fd00::1]:2"});
  for (const char *odd :
       {"", "{}", R"({"brokers":[]})", R"({"brokers":[1]})", R"({"brokers":["x"]})"})
    CHECK(said(read_places(odd)) != "");
}

TEST_CASE("who is revoked is no peer, and is one again when it comes back with a new key") {
  World world;
  const SpiffeId gw1{"f", Role::node, "gw1"}, gw2{"f", Role::node, "gw2"};
  const auto one = good(trust::SigningKey::generate());
  const auto two = good(trust::SigningKey::generate());
  const auto three = good(trust::SigningKey::generate());
  world.certify(gw1, one);
  world.certify(gw2, two);
  auto names = [&] {
    std::vector<std::string> found;
    for (const broker::Peer &peer : good(service::peers(*world.authority, now())))
      for (const std::string &key : peer.key_ids)
        found.push_back(peer.id.name + (key == one.id() ? "/1" : key == two.id() ? "/2" : "/3"));
    return found;
  };
  CHECK(names() == std::vector<std::string>{"gw1/1", "gw2/2"});
  const uint64_t before = good(world.authority->revision());
  good(world.authority->revoke(gw1, "me", "stolen", now()));
  CHECK(good(world.authority->revision()) > before);
  CHECK(names() == std::vector<std::string>{"gw2/2"});
  world.certify(gw1, three);
  CHECK(names() == std::vector<std::string>{"gw1/3", "gw2/2"});
  good(world.authority->revoke_key(two.id(), "me", "stolen", now()));
  CHECK(names() == std::vector<std::string>{"gw1/3"});
  // Certificates end.
  CHECK(good(service::peers(*world.authority, now() + authority::svid_lifetime * 2)).empty());
}
