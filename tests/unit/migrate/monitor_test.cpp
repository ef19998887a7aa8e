// A monitor that says what no honest one would.
#include <cstring>
#include <thread>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "runtime-agent/migrate/monitor.h"

using namespace nemo;

namespace {

/// Says `text` to the first who connects, and hangs up. \returns why the monitor ended, or what it
/// answered with an error; empty when it gave an answer.
std::string failure_of(const std::string &text) {
  const std::string path = "/tmp/nemo-monitor-" + std::to_string(::getpid());
  ::unlink(path.c_str());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  REQUIRE(::bind(listener, reinterpret_cast<sockaddr *>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener, 1) == 0);
  std::thread other([&] {
    const int peer = ::accept(listener, nullptr, nullptr);
    for (size_t done = 0; done < text.size();) {
      const ssize_t sent = ::send(peer, text.data() + done, text.size() - done, MSG_NOSIGNAL);
      if (sent <= 0)
        break;
      done += static_cast<size_t>(sent);
    }
    ::shutdown(peer, SHUT_WR);
    char byte;
    while (::recv(peer, &byte, 1, 0) > 0) {
    }
    ::close(peer);
  });
  std::string problem = "nothing";
  {
    auto loop = agent::Loop::create();
    REQUIRE(static_cast<bool>(loop));
    auto monitor = migrate::Monitor::connect(**loop, path, 2000,
                                             {[](auto, const auto &) {},
                                              [&](std::string why) {
                                                problem = std::move(why);
                                                (*loop)->stop();
                                              }});
    REQUIRE(static_cast<bool>(monitor));
    (*monitor)->execute("query-status", {}, [&](auto answer) {
      problem = answer ? "" : llvm::toString(answer.takeError());
      (*loop)->stop();
    });
    REQUIRE_THAT(llvm::toString((*loop)->run()), Catch::Matchers::Equals(""));
  }
  other.join();
  ::close(listener);
  ::unlink(path.c_str());
  return problem;
}

constexpr char kHello[] = "{\"QMP\": {}}\n{\"return\": {}}\n";

} // namespace

TEST_CASE("what is no QMP is refused") {
  CHECK(failure_of("").find("has ended") != std::string::npos);
  CHECK(failure_of("[]\n").find("no object") != std::string::npos);
  CHECK_FALSE(failure_of("{\n").empty());
  CHECK(failure_of("{\"a\": 1}\n").find("QMP") != std::string::npos);
  CHECK(failure_of(std::string(1 << 20, 'x')).find("more than") != std::string::npos);
  CHECK(failure_of(std::string(100000, '[') + "\n").find("nests too deep") != std::string::npos);
  CHECK(failure_of("{\"a\\\"[[[[\": [[1]]}\n").find("QMP") != std::string::npos);
}

TEST_CASE("answers that are none are refused, events are passed over up to a limit") {
  CHECK(failure_of(kHello).find("has ended") != std::string::npos);
  CHECK(failure_of(std::string(kHello) + "{\"other\": 1}\n").find("neither") != std::string::npos);
  CHECK_FALSE(failure_of(std::string(kHello) + "{\"error\": 7}\n").empty());
  CHECK(failure_of(std::string(kHello) + "{\"error\": {\"desc\": \"no\"}}\n") == "no");
  CHECK(failure_of(std::string(kHello) + "{\"event\": \"A\"}\n{\"return\": {}}\n").empty());
  std::string events = kHello;
  for (int i = 0; i < 1001; ++i)
    events += "{\"event\": \"A\"}\n";
  CHECK(failure_of(events).find("no answer") != std::string::npos);
}
