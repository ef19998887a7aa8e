// A fleet as it is written, before anything runs.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

#include "backends/fleet/service/make.h"
#include "backends/fleet/service/members.h"
#include "protocol/membership/member.h"
#include "protocol/trust/certificate.h"

using namespace nemo;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

/// A state directory of its own, and a nats-server that only says its version.
struct Place {
  Place() {
    char name[] = "/tmp/nemo-make-XXXXXX";
    REQUIRE(::mkdtemp(name));
    path = name;
    std::ofstream(path + "/nats-server") << "#!/bin/sh\necho nats-server: v2.12.6\n";
    ::chmod((path + "/nats-server").c_str(), 0700);
    ::setenv("XDG_STATE_HOME", path.c_str(), 1);
    ::setenv("NEMO_NATS_SERVER", (path + "/nats-server").c_str(), 1);
  }
  ~Place() {
    ::unsetenv("XDG_STATE_HOME");
    ::unsetenv("NEMO_NATS_SERVER");
    std::filesystem::remove_all(path);
  }
  std::string path;
};

std::string text_of(const std::string &path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

template <typename T> T value(llvm::Expected<T> result) {
  if (!result)
    FAIL(llvm::toString(result.takeError()));
  return std::move(*result);
}

UnixNanos end_of(const std::string &directory) {
  const auto member = value(membership::Member::load(directory));
  return trust::not_after(
      value(trust::parse_certificate(member.credentials().chain.front())).get());
}

} // namespace

TEST_CASE("a new fleet has its members, its configuration and nobody else's eyes") {
  const Place place;
  const UnixNanos at = now();
  const auto home = value(service::make_fleet("shop", {"10.0.0.1", 1}, {"10.0.0.1", 2}, at));
  const std::string text = text_of(home.broker_directory() + "/nats.conf");
  CHECK_THAT(text, Contains("listen: \"10.0.0.1:1\""));
  CHECK_THAT(text, Contains("sync_interval: always"));
  CHECK_THAT(text, Contains("spiffe://shop/operator/admin"));
  const auto loaded = value(service::Home::load());
  CHECK(loaded.fleet == "shop");
  CHECK(loaded.broker == home.broker);
  CHECK(loaded.authority == home.authority);
  for (const auto &file : std::filesystem::recursive_directory_iterator(home.directory)) {
    struct stat facts {};
    REQUIRE(::stat(file.path().c_str(), &facts) == 0);
    INFO(file.path());
    CHECK((facts.st_mode & 077) == 0);
  }
  auto again = service::make_fleet("other", {"10.0.0.1", 1}, {"10.0.0.1", 2}, at);
  CHECK_THAT(llvm::toString(again.takeError()), Contains("there already"));
  CHECK(value(service::Home::load()).fleet == "shop");
}

TEST_CASE("a fleet of no good name is not made") {
  const Place place;
  auto made = service::make_fleet("A B", {"10.0.0.1", 1}, {"10.0.0.1", 2}, now());
  CHECK_THAT(llvm::toString(made.takeError()), Contains("fleet's name"));
  CHECK_FALSE(std::filesystem::exists(place.path + "/nemo/fleet/authority"));
  CHECK_FALSE(std::filesystem::exists(place.path + "/nemo/fleet/fleet.json"));
}

TEST_CASE("certificates of the machine itself are renewed at half their time, with the same keys") {
  const Place place;
  const UnixNanos at = now();
  const auto home = value(service::make_fleet("shop", {"10.0.0.1", 1}, {"10.0.0.1", 2}, at));
  const auto authority = value(authority::Authority::open(home.authority_directory()));
  const UnixNanos end = end_of(home.broker_directory());
  CHECK_FALSE(value(service::renew_own(home, *authority, at + 11h)));
  CHECK(end_of(home.broker_directory()) == end);
  const std::string key = value(membership::Member::load(home.broker_directory())).key().id();
  CHECK(value(service::renew_own(home, *authority, at + 13h)));
  CHECK(end_of(home.broker_directory()) > end + 12h);
  CHECK(end_of(home.operator_directory()) > end + 12h);
  CHECK(value(membership::Member::load(home.broker_directory())).key().id() == key);
  // The operator's identity may have moved to another machine.
  std::filesystem::remove_all(home.operator_directory());
  CHECK(value(service::renew_own(home, *authority, at + 26h)));
}
