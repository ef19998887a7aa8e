// Out-of-tree backends are other people's programs: whatever they print, nemo says what is wrong
// (N0805) and goes on living.
#include <catch2/catch.hpp>

#include "backends/registry.h"
#include "backends/wire/refusal.h"
#include "faults.h"
#include "protocol/framing/framing.h"

using namespace nemo;

namespace {

/// A backend whose answer to everything is `bytes`.
struct Says {
  explicit Says(const std::string &bytes, const std::string &then = "cat >/dev/null") {
    std::ofstream(directory.path + "/answer", std::ios::binary) << bytes;
    // It reads first: who leaves before that is another case.
    directory.script("nemo-backend-odd", "#!/bin/sh\nhead -c 1 >/dev/null\ncat '" + directory.path +
                                             "/answer'\n" + then + "\n");
  }
  llvm::Expected<backends::Backend> open() {
    backends::Choice choice;
    choice.name = "odd";
    return backends::open(choice);
  }
  TemporaryDirectory directory;
  Variable path{"PATH", directory.path + ":" + std::getenv("PATH")};
};

std::string observe_fault(Says &says) {
  auto backend = says.open();
  REQUIRE(bool(backend));
  auto fleet = backend->observe();
  REQUIRE_FALSE(bool(fleet));
  return fault_of(fleet.takeError()).id;
}

std::string fleet_answer() {
  proto::BackendResponse response;
  response.mutable_fleet()->set_version(1);
  return framing::encode(response);
}

} // namespace

TEST_CASE("what is no frame of the protocol is refused") {
  SECTION("text") {
    Says says(std::string(200, 'h') + "\n"); // h: the length of a message of 104 bytes
    CHECK(observe_fault(says) == "N0805");
  }
  SECTION("a length over the limit") {
    Says says("\xff\xff\xff\xff\x7f");
    CHECK(observe_fault(says) == "N0805");
  }
  SECTION("a length that never ends") {
    Says says(std::string(64, '\xff'));
    CHECK(observe_fault(says) == "N0805");
  }
  SECTION("the end in the middle of a message") {
    Says says(fleet_answer().substr(0, 2), "exit 0");
    CHECK(observe_fault(says) == "N0805");
  }
  SECTION("the end before any message") {
    Says says("", "exit 0");
    CHECK(observe_fault(says) == "N0805");
  }
  SECTION("an answer to another question") {
    proto::BackendResponse response;
    response.mutable_done();
    Says says(framing::encode(response));
    CHECK(observe_fault(says) == "N0805");
  }
  SECTION("a fleet of another version") {
    proto::BackendResponse response;
    response.mutable_fleet()->set_version(7);
    Says says(framing::encode(response));
    CHECK(observe_fault(says) == "N0805");
  }
}

TEST_CASE("nothing that comes after a fault is believed") {
  Says says("\xff\xff\xff\xff\x7f" + fleet_answer());
  auto backend = says.open();
  REQUIRE(bool(backend));
  auto first = backend->observe();
  REQUIRE_FALSE(bool(first));
  llvm::consumeError(first.takeError());
  auto second = backend->observe();
  REQUIRE_FALSE(bool(second));
  CHECK(fault_of(second.takeError()).id == "N0805");
}

TEST_CASE("artifacts that nobody asked about cannot be missing") {
  proto::BackendResponse response;
  response.mutable_have()->add_missing("not asked");
  Says says(framing::encode(response));
  auto backend = says.open();
  REQUIRE(bool(backend));
  auto missing = backend->missing({"asked"});
  REQUIRE_FALSE(bool(missing));
  CHECK(fault_of(missing.takeError()).id == "N0805");
}

TEST_CASE("a refusal keeps the backend's words") {
  proto::BackendResponse response;
  response.mutable_error()->set_code(proto::BackendError::CONFLICT);
  response.mutable_error()->set_holder("ann@far, pid 7");
  Says says(framing::encode(response));
  auto backend = says.open();
  REQUIRE(bool(backend));
  std::string holder;
  llvm::handleAllErrors(
      backend->deliver(proto::DeliverCall(),
                       [](const std::string &, const proto::Delivered &) { return true; }),
      [&](const backends::Refusal &refusal) { holder = refusal.error().holder(); },
      [](const llvm::ErrorInfoBase &other) { FAIL(other.message()); });
  CHECK(holder == "ann@far, pid 7");
}

TEST_CASE("a stream that hangs up in the middle of a message is a fault, a clean end is none") {
  proto::BackendResponse response;
  response.mutable_log()->set_text("one");
  const std::string frame = framing::encode(response);
  std::vector<std::string> lines;
  auto sink = [&](const proto::LogLine *line) {
    if (line != nullptr)
      lines.push_back(line->text());
    return true;
  };
  SECTION("middle") {
    Says says(frame + frame.substr(0, 3), "exit 0");
    auto backend = says.open();
    REQUIRE(bool(backend));
    CHECK(fault_of(backend->logs({}, sink)).id == "N0805");
    CHECK(lines == std::vector<std::string>{"one"});
  }
  SECTION("clean") {
    Says says(frame, "exit 0");
    auto backend = says.open();
    REQUIRE(bool(backend));
    llvm::Error error = backend->logs({}, sink);
    CHECK_FALSE(bool(error));
    CHECK(lines == std::vector<std::string>{"one"});
  }
}

TEST_CASE("a backend that never reads cannot stop nemo from going on") {
  Says says("", "exec sleep 1000 </dev/null");
  auto backend = says.open();
  REQUIRE(bool(backend)); // and its end is bounded: it is killed with its owner
}

TEST_CASE("a backend that is not there is named, with what is") {
  backends::Choice choice;
  for (const char *name : {"locl", "../evil", "", "no-such-backend"}) {
    choice.name = name;
    auto backend = backends::open(choice);
    REQUIRE_FALSE(bool(backend));
    const Diagnostic fault = fault_of(backend.takeError());
    CHECK(fault.id == "N0804");
    if (choice.name == "locl")
      CHECK(fault.fix.find("local") != std::string::npos);
  }
}
