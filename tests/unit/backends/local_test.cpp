// The local backend's way to the agent: what it refuses to speak to, and what it says when nothing
// answers.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backends/registry.h"
#include "faults.h"

using namespace nemo;

namespace {

struct Place {
  TemporaryDirectory directory;
  std::string socket_path = directory.path + "/agent.sock";
  Variable socket{"NEMO_SOCKET", socket_path};
  Variable state{"XDG_STATE_HOME", directory.path};
};

/// A socket in the file system; closes and removes it.
struct Socket {
  explicit Socket(const std::string &path) : fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    bound = ::bind(fd, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0;
  }
  ~Socket() { ::close(fd); }
  int fd;
  bool bound = false;
};

Diagnostic open_fault(bool start = false) {
  backends::Choice choice;
  choice.start_agent = start;
  auto backend = backends::open(choice);
  REQUIRE_FALSE(bool(backend));
  return fault_of(backend.takeError());
}

bool mentions(const Diagnostic &diagnostic, const std::string &text) {
  if (diagnostic.message.find(text) != std::string::npos)
    return true;
  for (const Note &note : diagnostic.notes)
    if (note.text.find(text) != std::string::npos)
      return true;
  return false;
}

} // namespace

TEST_CASE("nothing answers") {
  Place place;
  SECTION("no socket") {
    const Diagnostic fault = open_fault();
    CHECK(fault.id == "N0801");
    CHECK(mentions(fault, place.socket_path));
  }
  SECTION("a socket that a killed agent left behind") {
    Socket left(place.socket_path);
    REQUIRE(left.bound);
    CHECK(open_fault().id == "N0801");
  }
  SECTION("a file that is no socket") {
    std::ofstream(place.socket_path) << "x";
    CHECK(mentions(open_fault(), "no socket"));
  }
  SECTION("a path longer than the kernel allows") {
    Variable longer("NEMO_SOCKET", "/tmp/" + std::string(200, 'a'));
    CHECK(open_fault().id == "N0801");
  }
}

TEST_CASE("an agent that cannot be started is reported with its last words") {
  Place place;
  SECTION("its program is missing") {
    Variable agent("NEMO_AGENT", place.directory.path + "/nothing-here");
    const Diagnostic fault = open_fault(true);
    CHECK(fault.id == "N0802");
    CHECK(mentions(fault, "nothing-here"));
  }
  SECTION("it ends at once") {
    std::filesystem::create_directories(place.directory.path + "/nemo");
    std::ofstream(place.directory.path + "/nemo/agent.log") << "an earlier run\n";
    Variable agent(
        "NEMO_AGENT",
        place.directory.script(
            "agent", "#!/bin/sh\necho 'the journal is of a later version' >&2\nexit 3\n"));
    const Diagnostic fault = open_fault(true);
    CHECK(fault.id == "N0801");
    CHECK(mentions(fault, "the journal is of a later version"));
    CHECK_FALSE(mentions(fault, "an earlier run"));
  }
}

TEST_CASE("a socket of another user is not spoken to") {
  if (::geteuid() != 0) {
    WARN("needs root to give a socket away");
    return;
  }
  Place place;
  Socket foreign(place.socket_path);
  REQUIRE(foreign.bound);
  REQUIRE(::listen(foreign.fd, 1) == 0);
  REQUIRE(::chown(place.socket_path.c_str(), 65534, 65534) == 0);
  CHECK(open_fault(true).id == "N0803");
}

TEST_CASE("a socket in a directory that is closed to this user is not taken for absent") {
  Place place;
  const std::string closed = place.directory.path + "/closed";
  REQUIRE(::mkdir(closed.c_str(), 0000) == 0);
  Variable socket("NEMO_SOCKET", closed + "/agent.sock");
  const uid_t user = ::geteuid();
  REQUIRE(::chmod(place.directory.path.c_str(), 0755) == 0);
  if (user == 0) // whom no mode keeps out
    REQUIRE(::seteuid(65534) == 0);
  const Diagnostic fault = open_fault(true);
  if (user == 0)
    REQUIRE(::seteuid(0) == 0);
  CHECK(fault.id == "N0803");
  CHECK(mentions(fault, "closed to you"));
}
