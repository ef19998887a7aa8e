// Frames of a move: what is none is refused, what is one goes through with back-pressure.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "runtime-agent/migrate/channel.h"

using namespace nemo;
using migrate::Channel;
using migrate::Frame;
using migrate::Kind;
using migrate::Took;

namespace {

Took take(const std::string &bytes, Frame &frame, size_t at = 0) {
  return migrate::take_frame(bytes, at, frame);
}

struct Ends {
  Ends() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) == 0); }
  int both[2];
};

std::unique_ptr<agent::Loop> make_loop() {
  auto loop = agent::Loop::create();
  REQUIRE(static_cast<bool>(loop));
  return std::move(*loop);
}

/// What a channel says when a peer has said `bytes` and hung up.
std::string end_after(const std::string &bytes) {
  auto loop = make_loop();
  Ends ends;
  std::string why = "nothing";
  Channel channel(*loop, agent::Fd(ends.both[0]),
                  {[](const Frame &) {},
                   [&](std::string text) {
                     why = std::move(text);
                     loop->stop();
                   }});
  REQUIRE(::send(ends.both[1], bytes.data(), bytes.size(), 0) ==
          static_cast<ssize_t>(bytes.size()));
  ::close(ends.both[1]);
  REQUIRE_THAT(llvm::toString(loop->run()), Catch::Matchers::Equals(""));
  return why;
}

} // namespace

TEST_CASE("a frame says what it is and how long") {
  Frame frame;
  const std::string bytes = to_frame(Kind::no, "the disk is full") + to_frame(Kind::ready);
  size_t at = 0;
  REQUIRE(migrate::take_frame(bytes, at, frame) == Took::frame);
  CHECK(frame.kind == Kind::no);
  CHECK(frame.payload == "the disk is full");
  REQUIRE(migrate::take_frame(bytes, at, frame) == Took::frame);
  CHECK(frame.kind == Kind::ready);
  CHECK(frame.payload.empty());
  CHECK(migrate::take_frame(bytes, at, frame) == Took::nothing);
  for (size_t size = 0; size < 21; ++size)
    CHECK(take(bytes.substr(0, size), frame) == Took::nothing);
}

TEST_CASE("what is no frame is refused as soon as that is seen") {
  Frame frame;
  using namespace std::string_literals;
  CHECK(take("\0\0\0\0\0"s, frame) == Took::garbage);
  CHECK(take("\x09\0\0\0\0"s, frame) == Took::garbage);
  CHECK(take("\x02\0\1\0\1"s, frame) == Took::garbage); // 65,537 bytes of memory
  CHECK(take("\x02\0\1\0\0"s, frame) == Took::nothing);
  CHECK(take("\x07\0\0\2\1"s, frame) == Took::garbage); // 513 of words
  CHECK(take("\x07\xff\xff\xff\xff"s, frame) == Took::garbage);
  CHECK(end_after("GET / HTTP/1.1\r\n").find("protocol") != std::string::npos);
  CHECK(end_after(to_frame(Kind::memory, "x")).find("nobody waits for") != std::string::npos);
  CHECK(end_after("").find("cut") != std::string::npos);
  CHECK(end_after(to_frame(Kind::runs)).find("cut") != std::string::npos);
}

TEST_CASE("what another node says is shown as text") {
  CHECK(migrate::printable("a\x1b[2J\n\xff") == "a?[2J??");
  CHECK(migrate::printable(std::string(1000, 'x')).size() == migrate::kMostWords);
}

TEST_CASE("memory goes through in order, however slowly it is taken") {
  auto loop = make_loop();
  Ends wire, from, to;
  std::string sent(5 << 20, '\0'), got;
  for (size_t i = 0; i < sent.size(); ++i)
    sent[i] = static_cast<char>(i * 2654435761u >> 13);
  bool over = false;
  Channel source(*loop, agent::Fd(wire.both[0]), {[](const Frame &) {}, [](std::string) {}});
  Channel target(*loop, agent::Fd(wire.both[1]),
                 {[&](const Frame &frame) { over = frame.kind == Kind::end; }, [](std::string) {}});
  source.carry(agent::Fd(from.both[1]));
  target.deliver(agent::Fd(to.both[1]));
  ::fcntl(from.both[0], F_SETFL, O_NONBLOCK);
  ::fcntl(to.both[0], F_SETFL, O_NONBLOCK);
  size_t put = 0;
  std::function<void()> turn = [&] {
    if (put < sent.size()) {
      const ssize_t n = ::send(from.both[0], sent.data() + put, sent.size() - put, MSG_NOSIGNAL);
      put += static_cast<size_t>(std::max<ssize_t>(n, 0));
      if (put == sent.size())
        ::shutdown(from.both[0], SHUT_WR);
    }
    char buffer[30'000];
    const ssize_t n = ::recv(to.both[0], buffer, sizeof buffer, 0);
    if (n == 0)
      return loop->stop();
    got.append(buffer, static_cast<size_t>(std::max<ssize_t>(n, 0)));
    loop->at(0, turn);
  };
  loop->at(0, turn);
  REQUIRE_THAT(llvm::toString(loop->run()), Catch::Matchers::Equals(""));
  CHECK(over);
  CHECK((got == sent));
  CHECK(source.carried() == sent.size());
  CHECK(target.carried() == sent.size());
  ::close(from.both[0]);
  ::close(to.both[0]);
}
