#include "world.h"

#include <chrono>
#include <sys/socket.h>

#include "llvm/Support/Endian.h"

using namespace nemo;
using namespace nemo::agent;
using namespace nemo::test;
using trust::Role;

namespace {

/// A caller that is let in nowhere; the node says why in its log.
void is_refused(Site &site, Node &node, const Member &member, const std::string &why) {
  auto channel = call(site.world, member, node);
  if (channel) {
    // In TLS 1.3 the caller is done before it is judged.
    auto written = channel->write("hello");
    llvm::consumeError(std::move(written));
    CHECK_FALSE(said(channel->read(1)).empty());
  } else {
    llvm::consumeError(channel.takeError());
  }
  CHECK(until(*site.loop, [&] { return node.has_said(why); }));
  CHECK(node.opened.empty());
}

/// The node serves all the same.
void is_well(Site &site, Node &from, Node &to) {
  const Fd stream = good(from.connect(to, "hello"));
  CHECK(until(*site.loop, [&] { return !to.opened.empty(); }));
}

std::string length(uint32_t size) {
  std::string bytes(4, '\0');
  llvm::support::endian::write32be(bytes.data(), size);
  return bytes;
}

} // namespace

TEST_CASE("only nodes of the own fleet with a good certificate are talked to") {
  Site site;
  const World other("other.example"), same_name;
  Node n1(site, "n1");
  SECTION("another fleet") {
    is_refused(site, n1, other.member(Role::node, "n2"), "a fleet that is not trusted here");
  }
  SECTION("another fleet of the same name") {
    is_refused(site, n1, same_name.member(Role::node, "n2"), "does not lead to a root");
  }
  SECTION("an operator") {
    is_refused(site, n1, site.world.member(Role::operator_, "op"), "is no node");
  }
  SECTION("the broker") {
    is_refused(site, n1, site.world.member(Role::broker, "b"), "is no node");
  }
  SECTION("expired") {
    is_refused(site, n1,
               site.world.member(Role::node, "n2", {site.world.now - 2h, site.world.now - 1h}),
               "has expired");
  }
  SECTION("revoked") {
    const Member bad = site.world.member(Role::node, "n2");
    good(n1.held.replace(good(trust::Revocations().next(site.world.revoked(1, {bad.key.id()}),
                                                        site.world.bundle, site.world.now))));
    n1.peers->reload();
    is_refused(site, n1, bad, "was revoked");
  }
  CHECK(n1.opened.empty());
  Node n9(site, "n9");
  is_well(site, n9, n1);
}

TEST_CASE("a node does not open a stream to who is none, or of another fleet") {
  Site site;
  Node n1(site, "n1"), v(site, site.world.member(Role::viewer, "v"));
  CHECK_THAT(said(n1.connect("v", v.address(), "hello")), has("is no node"));
  CHECK(v.opened.empty());
  Site other;
  Node foreign(other, "n2");
  CHECK_THAT(said(n1.connect("n2", foreign.address(), "hello")), has("does not lead to a root"));
  CHECK(foreign.opened.empty());
}

TEST_CASE("what is no TLS is hung up on, whatever it is") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2");
  for (const std::string &bytes :
       {std::string("GET / HTTP/1.1\r\nHost: n1\r\n\r\n"), std::string(5000, '\0'),
        std::string(5000, '\xff'),
        std::string("\x16\x03\x01\xff\xff", 5) + std::string(70'000, 'x')}) {
    const Fd tcp = dial(n1);
    ::send(tcp.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    CHECK(hangs_up(tcp.get()));
  }
  is_well(site, n2, n1);
}

TEST_CASE("who says nothing, or only a little at a time, is hung up on") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2");
  const Fd silent = dial(n1), slow = dial(n1);
  const std::string start("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  size_t said_so_far = 0;
  auto introduced = good(call(site.world, site.world.member(Role::node, "n3"), n1));
  CHECK(until(*site.loop, [&] {
    const char next = said_so_far < start.size() ? start[said_so_far] : '\0';
    ++said_so_far;
    return ::send(slow.get(), &next, 1, MSG_NOSIGNAL) < 0;
  }));
  CHECK(hangs_up(silent.get()));
  CHECK_FALSE(said(introduced.read(1)).empty());
  CHECK(until(*site.loop, [&] { return n1.has_said("it took too long"); }));
  is_well(site, n2, n1);
}

TEST_CASE("a first frame has to be there, and short") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2");
  const Member n3 = site.world.member(Role::node, "n3");
  auto channel = good(call(site.world, n3, n1));
  good(channel.write("")); // a frame of no bytes
  CHECK_FALSE(said(channel.read(1)).empty());
  auto second = good(call(site.world, n3, n1));
  good(second.write(std::string((64u << 10) + 1, 'x')));
  CHECK_FALSE(said(second.read(1)).empty());
  auto third = good(call(site.world, n3, n1));
  size_t count = 0;
  const std::string huge = length(~0u);
  REQUIRE(SSL_write_ex(third.session().get(), huge.data(), huge.size(), &count) == 1);
  CHECK_FALSE(said(third.read(1)).empty());
  CHECK(until(*site.loop, [&] { return n1.has_said("empty or too long"); }));
  CHECK(n1.opened.empty());
  is_well(site, n2, n1);
}

TEST_CASE("strangers do not keep nodes out, however many they are") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2");
  std::vector<Fd> strangers;
  for (int i = 0; i < 40; ++i)
    strangers.push_back(dial(n1));
  is_well(site, n2, n1);
  // Those that came first have made room.
  CHECK(hangs_up(strangers.front().get()));
}

TEST_CASE("one node gets so many streams and no more, and another still gets one") {
  Site site;
  Node n1(site, "n1"), n2(site, "n2"), n3(site, "n3");
  std::vector<Fd> streams;
  for (int i = 0; i < 16; ++i)
    streams.push_back(good(n2.connect(n1, "hello")));
  CHECK_THAT(said(n2.connect(n1, "hello")), has("has too many streams"));
  REQUIRE(until(*site.loop, [&] { return n1.opened.size() == 16; }));
  const Fd other = good(n3.connect(n1, "hello"));
  // One that has ended makes room.
  streams.pop_back();
  n1.opened.clear();
  CHECK(until(*site.loop, [&] { return said(n2.connect(n1, "hello")).empty(); }));
}
