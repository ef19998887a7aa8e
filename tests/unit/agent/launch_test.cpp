// From a desired instance to what the sandbox is told.
#include <filesystem>

#include <stdlib.h>

#include <catch2/catch.hpp>

#include "runtime-agent/core/launch.h"

using namespace nemo;
using namespace nemo::agent;

namespace {

using Ports = std::vector<uint16_t>;

class Launch {
public:
  Launch() {
    char name[] = "/tmp/nemo-launch-test-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    directory_ = name;
    host_.abilities = {{"sandbox.process", true, ""}};
    record.key = {"shop", "app", 0, "r1"};
    record.ports = {{"http", 20001}};
    spec().add_exec("/bin/true");
    spec().add_peers()->set_workload("store");
  }
  ~Launch() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  proto::Spec &spec() { return *record.instance.mutable_spec(); }
  sandbox::Spec launched() {
    const Layout layout(directory_);
    const Artifacts artifacts(layout.artifacts());
    auto made = launch_spec(
        record, Identity(), layout, artifacts, host_,
        [](const proto::Peer &) { return std::optional<std::string>("127.0.0.1:6379"); }, {});
    REQUIRE(static_cast<bool>(made));
    return *made;
  }

  Record record;

private:
  std::string directory_;
  sandbox::Host host_;
};

} // namespace

TEST_CASE("a workload binds its own ports and connects to those, its peers' and what it declares") {
  Launch launch;
  CHECK(launch.launched().bind_tcp == Ports{20001});
  CHECK(launch.launched().connect_tcp == Ports{6379, 20001});
  launch.spec().add_connect(443);
  CHECK(launch.launched().connect_tcp == Ports{443, 6379, 20001});
  launch.spec().add_connect(0);
  CHECK_FALSE(launch.launched().connect_tcp);
}

TEST_CASE("nothing that only tests leave out can be asked for") {
  Launch launch;
  for (int one = 0; one <= static_cast<int>(sandbox::Restriction::processes); ++one)
    CHECK(launch.launched().restrictions.has(static_cast<sandbox::Restriction>(one)));
}
