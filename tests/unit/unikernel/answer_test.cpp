// What the unikernel answers, and what it does not.
#include <catch2/catch.hpp>

#include "frames.h"

using namespace unikernel;
using namespace unikernel::test;

TEST_CASE("who asks for its address is told") {
  Station here = station();
  const Frame reply = ask(here, arp(kPeer, kAddress));
  REQUIRE(reply.size() == 42);
  CHECK(Frame(reply.begin(), reply.begin() + 6) == Frame(kTheirs.begin(), kTheirs.end()));
  CHECK(Frame(reply.begin() + 6, reply.begin() + 12) == Frame(kOurs.begin(), kOurs.end()));
  CHECK(reply[21] == 2);
  CHECK(Frame(reply.begin() + 22, reply.begin() + 28) == Frame(kOurs.begin(), kOurs.end()));
  CHECK(get32(reply, 28) == kAddress);
  CHECK(get32(reply, 38) == kPeer);
}

TEST_CASE("who wants the address for itself learns that it is taken") {
  Station here = station();
  CHECK(ask(here, arp(0, kAddress)).size() == 42);
}

TEST_CASE("other questions for addresses are not answered") {
  Station here = station();
  CHECK(ask(here, arp(kPeer, kAddress + 1)).empty());
  CHECK(ask(here, arp(kAddress, kAddress)).empty());   // claims to be us
  CHECK(ask(here, arp(0xe0000001, kAddress)).empty()); // a group
  CHECK(ask(here, arp(0x0a0000ff, kAddress)).empty()); // everybody
  const size_t at = GENERATE(15, 16, 18, 19, 21, 22);  // kinds, lengths, operation, a group's MAC
  Frame other = arp(kPeer, kAddress);
  other[at] ^= at == 22 ? 1 : 4;
  CHECK(ask(here, other).empty());
}

TEST_CASE("an echo request comes back as it is") {
  Station here = station();
  const std::string payload = GENERATE(as<std::string>{}, "", "x", "hello", std::string(1472, 'y'));
  const Frame question = icmp_echo(payload), reply = ask(here, question);
  REQUIRE(reply.size() == question.size());
  CHECK(sound(reply));
  CHECK(reply[34] == 0);
  CHECK(get32(reply, 26) == kAddress);
  CHECK(get32(reply, 30) == kPeer);
  CHECK(Frame(reply.begin() + 38, reply.end()) == Frame(question.begin() + 38, question.end()));
}

TEST_CASE("a datagram comes back with the number of datagrams before it") {
  Station here = station();
  for (const char *expected : {"1 hi", "2 hi", "3 hi"}) {
    const Frame reply = ask(here, udp("hi"));
    REQUIRE(reply.size() > 42);
    CHECK(sound(reply));
    CHECK(said(reply) == expected);
    CHECK(get16(reply, 34) == 7);
    CHECK(get16(reply, 36) == 40000);
  }
  CHECK(here.count == 3);
}

TEST_CASE("the largest count and payload fit in a frame") {
  Station here = station();
  here.count = UINT64_MAX - 1;
  const Frame reply = ask(here, udp(std::string(kMostPayload, 'z')));
  REQUIRE(!reply.empty());
  CHECK(sound(reply));
  CHECK(said(reply) == "18446744073709551615 " + std::string(kMostPayload, 'z'));
  CHECK(ask(here, udp(std::string(kMostPayload + 1, 'z'))).empty());
  CHECK(here.count == UINT64_MAX);
}

TEST_CASE("a datagram without a checksum is answered with one") {
  Station here = station();
  Frame question = udp("hi");
  question[40] = question[41] = 0;
  const Frame reply = ask(here, question);
  REQUIRE(!reply.empty());
  CHECK(sound(reply));
}

TEST_CASE("options of IP are passed over") {
  Station here = station();
  Frame question = udp("hi");
  question.insert(question.begin() + 34, {1, 1, 1, 0});
  question[14] = 0x46;
  question[17] += 4;
  sum_ip(question);
  CHECK(said(ask(here, question)) == "1 hi");
}

TEST_CASE("what is shorter than it says is not answered") {
  const Frame question = GENERATE(icmp_echo("hello"), udp("hello"), arp(kPeer, kAddress));
  for (size_t size = 0; size < question.size(); ++size) {
    Station here = station();
    CHECK(ask(here, Frame(question.begin(), question.begin() + static_cast<long>(size))).empty());
    CHECK(here.count == 0);
  }
}

TEST_CASE("what lies behind a packet is not echoed") {
  Station here = station();
  Frame padded = udp("hi");
  padded.resize(60, 0xee);
  CHECK(said(ask(here, padded)) == "1 hi");
  padded = icmp_echo("hi");
  const size_t size = padded.size();
  padded.resize(60, 0xee);
  CHECK(ask(here, padded).size() == size);
}

TEST_CASE("a flipped bit is noticed wherever it is") {
  const Frame question = GENERATE(icmp_echo("hello"), udp("hello"));
  for (size_t at = 0; at < question.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      // The sender's MAC is covered by nothing that we could look at.
      if (at >= 6 && at < 12)
        continue;
      Station here = station();
      Frame other = question;
      other[at] ^= static_cast<uint8_t>(1 << bit);
      INFO("byte " << at << ", bit " << bit);
      CHECK(ask(here, other).empty());
    }
}

TEST_CASE("fragments are not answered") {
  const auto [high, low] = GENERATE(std::pair(0x20, 0), std::pair(0, 1), std::pair(0x1f, 0xff));
  Station here = station();
  Frame question = udp("hi");
  question[20] = static_cast<uint8_t>(high);
  question[21] = static_cast<uint8_t>(low);
  sum_ip(question);
  CHECK(ask(here, question).empty());
}

TEST_CASE("senders that cannot be are not answered") {
  const uint32_t from =
      GENERATE(0u, 0xffffffffu, 0xe0000001u, 0x7f000001u, 0x0a0000ffu, 0x0a000000u, kAddress);
  Station here = station();
  Frame question = icmp_echo("hi");
  put32(question, 26, from);
  sum_ip(question);
  CHECK(ask(here, question).empty());
}

TEST_CASE("other receivers' packets are not answered") {
  Station here = station();
  const uint32_t to = GENERATE(kAddress + 1, 0x0a0000ffu, 0xffffffffu, 0xe0000001u);
  Frame question = icmp_echo("hi");
  put32(question, 30, to);
  sum_ip(question);
  CHECK(ask(here, question).empty());
  Frame broadcast = icmp_echo("hi");
  for (size_t i = 0; i < 6; ++i)
    broadcast[i] = 0xff;
  CHECK(ask(here, broadcast).empty());
}

TEST_CASE("ports that are not the echo's are not answered") {
  Station here = station();
  CHECK(ask(here, udp("hi", 40000, 8)).empty());
  CHECK(ask(here, udp("hi", 0, 7)).empty());
  CHECK(ask(here, udp("hi", 7, 7)).empty()); // another echo: it would never stop
  CHECK(here.count == 0);
}

TEST_CASE("its own frames and those of groups are not answered") {
  Station here = station();
  Frame own = icmp_echo("hi");
  std::copy(kOurs.begin(), kOurs.end(), own.begin() + 6);
  CHECK(ask(here, own).empty());
  Frame group = icmp_echo("hi");
  group[6] |= 1;
  CHECK(ask(here, group).empty());
}
