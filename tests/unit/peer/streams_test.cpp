#include "world.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <unistd.h>

using namespace nemo;
using namespace nemo::agent;
using namespace nemo::test;
using trust::Role;

namespace {

std::string noise(size_t size) {
  std::string made;
  for (uint64_t x = 1; made.size() < size; x = x * 6364136223846793005u + 1442695040888963407u)
    made.append(reinterpret_cast<const char *>(&x), sizeof x);
  made.resize(size);
  return made;
}

/// The other end of a stream that was opened just now.
Fd taken(Node &node) {
  REQUIRE(until(*node.site.loop, [&] { return !node.opened.empty(); }));
  Fd stream = std::move(node.opened.front().stream);
  node.opened.erase(node.opened.begin());
  return stream;
}

struct Pair {
  explicit Pair(Node &from, Node &to) : here(good(from.connect(to, "hello"))), there(taken(to)) {}
  Fd here, there;
};

} // namespace

TEST_CASE("a node opens a stream to another, and both know who the other is") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2");
  const Fd stream = good(n1.connect(n2, "what for"));
  REQUIRE(until(*site.loop, [&] { return !n2.opened.empty(); }));
  CHECK(n2.opened.front().peer == n1.held.id());
  CHECK(n2.opened.front().hello == "what for");
  const Fd other = taken(n2);
  send_all(*site.loop, stream.get(), "ping");
  ::shutdown(stream.get(), SHUT_WR);
  CHECK(read_all(*site.loop, other.get()) == "ping");
  // Half of it goes on.
  send_all(*site.loop, other.get(), "pong");
  ::shutdown(other.get(), SHUT_WR);
  CHECK(read_all(*site.loop, stream.get()) == "pong");
}

TEST_CASE("much goes both ways at once and comes as it was") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2");
  const Pair pair(n1, n2);
  const std::string there = noise(9u << 20), back = noise(7u << 20);
  std::string got_there, got_back;
  llvm::StringRef left_there = there, left_back = back;
  auto push = [](int fd, llvm::StringRef &left) {
    const ssize_t count = ::send(fd, left.data(), std::min<size_t>(left.size(), 200'000),
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
    left = left.drop_front(static_cast<size_t>(std::max<ssize_t>(count, 0)));
  };
  auto pull = [](int fd, std::string &got) {
    char bytes[65536];
    const ssize_t count = ::recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    got.append(bytes, static_cast<size_t>(std::max<ssize_t>(count, 0)));
  };
  REQUIRE(until(*site.loop, [&] {
    for (int i = 0; i < 16; ++i) {
      push(pair.here.get(), left_there);
      push(pair.there.get(), left_back);
      pull(pair.there.get(), got_there);
      pull(pair.here.get(), got_back);
    }
    return got_there.size() == there.size() && got_back.size() == back.size();
  }));
  CHECK(got_there == there);
  CHECK(got_back == back);
}

TEST_CASE("who does not read is not read from, and others are not held up by it") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2");
  const Pair stuck(n1, n2);
  // Until nothing more is taken for a while.
  size_t sent = 0;
  Ticks last = ticks();
  const std::string some = noise(65536);
  REQUIRE(until(*site.loop, [&] {
    const ssize_t count =
        ::send(stuck.here.get(), some.data(), some.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) {
      sent += static_cast<size_t>(count);
      last = ticks();
    }
    return ticks() > last + 500;
  }));
  CHECK(sent < 64u << 20); // what the kernel's buffers hold
  const Pair other(n1, n2);
  send_all(*site.loop, other.here.get(), "ping");
  ::shutdown(other.here.get(), SHUT_WR);
  CHECK(read_all(*site.loop, other.there.get()) == "ping");
  ::shutdown(stuck.here.get(), SHUT_WR);
  CHECK(read_all(*site.loop, stuck.there.get()).size() == sent);
}

TEST_CASE("what was written before a stream is let go of still comes, then its end") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2");
  Pair pair(n1, n2);
  const std::string last = noise(150'000);
  send_all(*site.loop, pair.here.get(), last);
  pair.here.reset();
  CHECK(read_all(*site.loop, pair.there.get()) == last);
  // And who writes to nobody is told.
  CHECK(until(*site.loop, [&] {
    return ::send(pair.there.get(), "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EPIPE;
  }));
}

TEST_CASE("a stream that cannot be says why") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2");
  CHECK_THAT(said(n1.connect("n3", n2.address(), "hello")), has("n2 answers, not the node n3"));
  CHECK_THAT(said(n1.connect("n2", "n2.example:7424", "hello")), has("is no IP address"));
  CHECK_THAT(said(n1.connect("n2", "127.0.0.1", "hello")), has("has no port"));
  CHECK_THAT(said(n1.connect(n2, "")), has("nothing to say"));
  CHECK_THAT(said(n1.connect(n2, std::string((64u << 10) + 1, 'x'))), has("too long"));
  const std::string address = n2.address();
  n2.peers.reset();
  CHECK_THAT(said(n1.connect("n2", address, "hello")), has("refused"));
  Node n4(site, "n4");
  const std::string longest(64u << 10, 'x');
  const Fd stream = good(n1.connect(n4, longest));
  REQUIRE(until(*site.loop, [&] { return !n4.opened.empty(); }));
  CHECK(n4.opened.front().hello == longest);
}

TEST_CASE("an address that nobody listens on is refused before a node starts") {
  Site site;
  Node n1(site, "n1");
  for (const auto &[listen, why] : {std::pair{n1.address(), "cannot listen on"},
                                    std::pair{std::string("127.0.0.1"), "has no port"},
                                    std::pair{std::string("no such:1"), "is no HOST:PORT"}})
    CHECK_THAT(said(peer::Peers::start(*site.loop, n1.held, listen, {})), has(why));
}

TEST_CASE("a certificate is renewed and streams go on; new ones show the new one") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2");
  const Pair before(n1, n2);
  auto renewed =
      good(authority::make_svid(site.world.intermediate, n1.held.key().get(), n1.held.id(), {},
                                {site.world.now - 30s, site.world.now + 48h}));
  membership::Credentials next = n1.held.credentials();
  next.chain.front() = renewed;
  good(n1.held.replace(next, n1.held.places()));
  n1.peers->reload();
  const Pair after(n1, n2);
  for (const Pair *pair : {&before, &after}) {
    send_all(*site.loop, pair->here.get(), "still here");
    ::shutdown(pair->here.get(), SHUT_WR);
    CHECK(read_all(*site.loop, pair->there.get()) == "still here");
  }
}

TEST_CASE("who is revoked loses the streams that are open, and gets no others") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2"), n3(site, "n3");
  const Pair bad(n1, n2), kept(n3, n2);
  const auto list = good(trust::Revocations().next(site.world.revoked(1, {n1.held.key().id()}),
                                                   site.world.bundle, site.world.now));
  good(n2.held.replace(list));
  n2.peers->reload();
  CHECK(read_all(*site.loop, bad.there.get()).empty());
  CHECK(read_all(*site.loop, bad.here.get()).empty());
  CHECK(until(*site.loop, [&] { return n2.has_said("was revoked"); }));
  CHECK_FALSE(said(n1.connect(n2, "hello")).empty());
  CHECK_FALSE(said(n2.connect(n1, "hello")).empty());
  send_all(*site.loop, kept.here.get(), "n3");
  ::shutdown(kept.here.get(), SHUT_WR);
  CHECK(read_all(*site.loop, kept.there.get()) == "n3");
}

TEST_CASE("what carries streams is started again at the same address when it ends") {
  Site site;
  Node n1(site, "n1");
  const std::vector<pid_t> before = children();
  Node n2(site, "n2");
  const std::string address = n2.address();
  const Pair pair(n1, n2);
  for (const pid_t pid : children())
    if (!llvm::is_contained(before, pid))
      REQUIRE(::kill(pid, SIGKILL) == 0);
  CHECK(read_all(*site.loop, pair.there.get()).empty());
  CHECK(read_all(*site.loop, pair.here.get()).empty());
  CHECK(until(*site.loop, [&] { return n2.has_said("has ended"); }));
  CHECK_THAT(said(n2.connect(n1, "hello")), has("starts again"));
  CHECK(n2.address() == address);
  const Pair again(n1, n2), back(n2, n1);
}

TEST_CASE("a node that has no streams has nothing that carries them") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2");
  for (Node *node : {&n1, &n2})
    node->restart(200);
  CHECK(children().empty());
  for (int i = 0; i < 3; ++i) {
    {
      const Pair pair(n1, n2);
      CHECK(children().size() == 2);
      // It stays as long as there is a stream.
      const agent::Ticks later = agent::ticks() + 500;
      until(*site.loop, [&] { return agent::ticks() >= later; });
      CHECK(children().size() == 2);
      send_all(*site.loop, pair.here.get(), "still");
      ::shutdown(pair.here.get(), SHUT_WR);
      CHECK(read_all(*site.loop, pair.there.get()) == "still");
    }
    CHECK(until(*site.loop, [&] { return children().empty(); }));
  }
  // Who calls and is called at the moment when it goes gets a stream all the same.
  for (agent::Ticks wait = 190; wait < 210; wait += 2) {
    {
      const Pair pair(n1, n2);
    }
    const agent::Ticks then = agent::ticks() + wait;
    until(*site.loop, [&] { return agent::ticks() >= then; });
    CHECK(said(n1.connect(n2, "hello")).empty());
  }
  CHECK(n1.failures == std::vector<std::string>());
  CHECK(n2.failures == std::vector<std::string>());
}
