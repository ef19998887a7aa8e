#include <catch2/catch.hpp>

#include "backends/fleet/broker/configuration.h"
#include "backends/fleet/broker/permissions.h"

using namespace nemo;
using namespace nemo::broker;
using trust::Role;
using trust::SpiffeId;

namespace {

auto has(const std::string &text) { return Catch::Matchers::Contains(text); }

Settings settings() {
  Settings made;
  made.fleet = "shop.example";
  made.name = "main";
  made.listen = {"10.0.0.1", 7422};
  made.directory = "/var/lib/nemo/fleet/broker";
  made.members = {
      {{"shop.example", Role::broker, "main"}, {std::string(32, '\x01')}},
      {{"shop.example", Role::node, "gw1"}, {std::string(32, '\x0a'), std::string(32, '\xff')}}};
  return made;
}

/// From where `begin` stands to the next `end`.
std::string part(const std::string &text, const std::string &begin, const std::string &end) {
  const size_t from = text.find(begin);
  REQUIRE(from != std::string::npos);
  return text.substr(from, text.find(end, from) - from);
}

std::string times(int count, const std::string &text) {
  std::string out;
  while (count-- > 0)
    out += text;
  return out;
}

} // namespace

TEST_CASE("every member is known by its certificate and its keys, and nobody else") {
  const std::string text = configuration(settings());
  CHECK_THAT(text, has("verify_and_map: true"));
  CHECK_THAT(text, has("user: \"spiffe://shop.example/node/gw1\""));
  const std::string pins = part(text, "pinned_certs: [", "]");
  CHECK_THAT(pins, has('"' + times(32, "01") + '"'));
  CHECK_THAT(pins, has('"' + times(32, "0a") + '"'));
  CHECK_THAT(pins, has('"' + times(32, "ff") + '"'));
  CHECK_THAT(text, !has("no_auth_user"));
  CHECK_THAT(text, !has("password"));
}

TEST_CASE("only brokers are in the system's account") {
  const std::string text = configuration(settings());
  const std::string fleet = part(text, "  FLEET {", "  SYSTEM {");
  const std::string system = part(text, "  SYSTEM {", "system_account:");
  CHECK_THAT(fleet, has("node/gw1"));
  CHECK_THAT(fleet, !has("broker/main"));
  CHECK_THAT(system, has("broker/main"));
  CHECK_THAT(system, !has("node/gw1"));
}

TEST_CASE("a member without a key that counts is no user") {
  Settings some = settings();
  some.members[1].key_ids.clear();
  CHECK_THAT(configuration(some), !has("gw1"));
}

TEST_CASE("writes are synced before they are acknowledged where the server can") {
  Settings some = settings();
  CHECK_THAT(configuration(some), !has("sync_interval"));
  some.sync_always = true;
  CHECK_THAT(configuration(some), has("sync_interval: always"));
}

TEST_CASE("paths stay one word whatever is in them") {
  Settings some = settings();
  some.directory = "/tmp/a \"b\" \\ $c";
  CHECK_THAT(configuration(some), has(R"(cert_file: "/tmp/a \"b\" \\ $c/chain.pem")"));
}

TEST_CASE("a node's subjects are its own, and it reaches no API but look-ups of its key") {
  const Permissions may = permissions_of({"shop.example", Role::node, "gw1"});
  CHECK(may.may_answer);
  for (const std::string &subject : may.publish) {
    INFO(subject);
    const bool is_own = subject.size() > 4 && subject.substr(subject.size() - 4) == ".gw1";
    CHECK((is_own || subject == "$JS.API.DIRECT.GET.KV_trust.>" ||
           subject == "$JS.API.DIRECT.GET.KV_running.>"));
    CHECK((subject.rfind("$JS.", 0) != 0 || subject.rfind("$JS.API.DIRECT.GET.KV_", 0) == 0));
  }
  for (const std::string &subject : may.subscribe) {
    INFO(subject);
    CHECK((subject == "$KV.desired.gw1" || subject == "$KV.trust.>" || subject == "ask.gw1" ||
           subject == "$KV.running.*" || subject == "_INBOX.node.gw1.>"));
  }
}

TEST_CASE("only operators and controllers write desired state, and only operators make streams") {
  auto may_publish = [](Role role, const std::string &subject) {
    const Permissions may = permissions_of({"shop.example", role, "x"});
    return std::count(may.publish.begin(), may.publish.end(), subject) == 1;
  };
  CHECK(may_publish(Role::operator_, "$KV.desired.*"));
  CHECK(may_publish(Role::controller, "$KV.desired.*"));
  CHECK_FALSE(may_publish(Role::viewer, "$KV.desired.*"));
  CHECK(may_publish(Role::operator_, "$JS.API.>"));
  CHECK_FALSE(may_publish(Role::controller, "$JS.API.>"));
  CHECK(permissions_of({"shop.example", Role::authority, "main"}).publish.empty());
  const auto everything = permissions_of({"shop.example", Role::viewer, "x"}).subscribe;
  CHECK(may_publish(Role::operator_, "$KV.control.>"));
  CHECK(may_publish(Role::controller, "$KV.control.>"));
  CHECK_FALSE(may_publish(Role::viewer, "$KV.control.>"));
  CHECK(std::count(everything.begin(), everything.end(), "$KV.control.>") == 1);
  // Two members of one name and different roles do not hear each other's answers.
  CHECK(permissions_of({"f", Role::operator_, "x"}).subscribe.back() !=
        permissions_of({"f", Role::node, "x"}).subscribe.back());
}

TEST_CASE("the unit runs the service with the state that it has now") {
  const std::string text = unit("shop.example", "/usr/bin/nemo", "/var/lib", "fleet");
  CHECK_THAT(text, has("ExecStart=\"/usr/bin/nemo\" fleet serve\n"));
  CHECK_THAT(text, has("Environment=\"XDG_STATE_HOME=/var/lib\"\n"));
  CHECK_THAT(text, has("User=fleet\n"));
  CHECK_THAT(text, has("ReadWritePaths=\"/var/lib\"\n"));
}
