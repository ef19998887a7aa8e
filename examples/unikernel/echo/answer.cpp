#include "examples/unikernel/echo/answer.h"

#include "examples/unikernel/echo/text.h"

namespace unikernel {

namespace {

constexpr size_t kEthernet = 14, kArp = 28, kIp = 20, kIcmp = 8, kUdp = 8;
constexpr uint16_t kTypeIp = 0x0800, kTypeArp = 0x0806;
constexpr uint8_t kProtocolIcmp = 1, kProtocolUdp = 17;

/// One's complement sum over 16-bit words (RFC 1071), on top of `sum`.
uint32_t add_words(Bytes bytes, uint32_t sum = 0) {
  for (size_t i = 0; i + 1 < bytes.size(); i += 2)
    sum += get16(bytes, i);
  if (bytes.size() % 2 != 0)
    sum += uint32_t{bytes.back()} << 8;
  return sum;
}

uint16_t fold(uint32_t sum) {
  while (sum >> 16 != 0)
    sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

uint32_t pseudo_header(uint32_t from, uint32_t to, size_t length) {
  return (from >> 16) + (from & 0xffff) + (to >> 16) + (to & 0xffff) + kProtocolUdp +
         static_cast<uint32_t>(length);
}

bool is_unicast(Bytes mac) { return (mac[0] & 1) == 0; }

bool equal(Bytes a, Bytes b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i])
      return false;
  return true;
}

/// Whether a host may call itself so: not this one, no group, no network and no broadcast.
bool is_host(uint32_t address, const Station &station) {
  const uint32_t hosts = station.prefix < 31 ? 0xffffffffu >> station.prefix : 0;
  const bool near = ((address ^ station.address) & ~hosts) == 0;
  if (near && hosts != 0 && ((address & hosts) == 0 || (address & hosts) == hosts))
    return false;
  const uint32_t first = address >> 24;
  return address != station.address && first != 0 && first != 127 && first < 224;
}

void put_ethernet(Room reply, const Station &station, Bytes frame, uint16_t type) {
  copy(reply, 0, frame.subspan(6, 6));
  copy(reply, 6, station.mac);
  put16(reply, 12, type);
}

size_t answer_arp(const Station &station, Bytes frame, Room reply) {
  if (frame.size() < kEthernet + kArp)
    return 0;
  const Bytes arp = frame.subspan(kEthernet);
  const uint32_t sender = get32(arp, 14);
  const bool question = get16(arp, 0) == 1 && get16(arp, 2) == kTypeIp && arp[4] == 6 &&
                        arp[5] == 4 && get16(arp, 6) == 1;
  // Who asks from 0.0.0.0 wants to know whether the address is free (RFC 5227).
  if (!question || get32(arp, 24) != station.address || !is_unicast(arp.subspan(8, 6)) ||
      (sender != 0 && !is_host(sender, station)))
    return 0;
  put_ethernet(reply, station, frame, kTypeArp);
  const Room out = reply.subspan(kEthernet);
  copy(out, 0, arp.first(6));
  put16(out, 6, 2);
  copy(out, 8, station.mac);
  put32(out, 14, station.address);
  copy(out, 18, arp.subspan(8, 10));
  return kEthernet + kArp;
}

struct Packet {
  uint32_t from = 0;
  uint8_t protocol = 0;
  Bytes payload;
};

/// A whole, sound IPv4 packet to this station; its payload is empty otherwise.
Packet open_ip(const Station &station, Bytes ip) {
  if (ip.size() < kIp || ip[0] >> 4 != 4)
    return {};
  const size_t header = size_t{ip[0] & 15u} * 4, length = get16(ip, 2);
  if (header < kIp || length < header || length > ip.size())
    return {};
  const bool fragment = (get16(ip, 6) & 0x3fff) != 0; // more fragments, or an offset
  const uint32_t from = get32(ip, 12);
  if (fragment || fold(add_words(ip.first(header))) != 0 || get32(ip, 16) != station.address ||
      !is_host(from, station))
    return {};
  return {from, ip[9], ip.subspan(header, length - header)};
}

void put_ip(Room out, const Station &station, const Packet &packet, size_t payload) {
  put16(out, 0, 0x4500);
  put16(out, 2, static_cast<uint16_t>(kIp + payload));
  put16(out, 4, 0);
  put16(out, 6, 0x4000); // never a fragment, so it needs no identification (RFC 6864)
  put16(out, 8, static_cast<uint16_t>(64 << 8 | packet.protocol));
  put16(out, 10, 0);
  put32(out, 12, station.address);
  put32(out, 16, packet.from);
  put16(out, 10, fold(add_words(out.first(kIp))));
}

/// \returns the length of the reply's IP payload.
size_t answer_icmp(Bytes icmp, Room out) {
  if (icmp.size() < kIcmp || icmp.size() > out.size() || icmp[0] != 8 || icmp[1] != 0 ||
      fold(add_words(icmp)) != 0)
    return 0;
  copy(out, 0, icmp);
  out[0] = 0;
  put16(out, 2, 0);
  put16(out, 2, fold(add_words(out.first(icmp.size()))));
  return icmp.size();
}

size_t answer_udp(Station &station, const Packet &packet, Room out) {
  const Bytes udp = packet.payload;
  if (udp.size() < kUdp)
    return 0;
  const uint16_t from = get16(udp, 0), length = get16(udp, 4);
  // From the echo's own port it may be another echo, and the two would never stop.
  if (get16(udp, 2) != station.port || from == 0 || from == station.port || length < kUdp ||
      length > udp.size() || length - kUdp > kMostPayload)
    return 0;
  const bool summed = get16(udp, 6) != 0;
  if (summed &&
      fold(add_words(udp.first(length), pseudo_header(packet.from, station.address, length))) != 0)
    return 0;
  const Bytes said = udp.subspan(kUdp, length - kUdp);
  const size_t digits = write_decimal(++station.count, out.subspan(kUdp, kMostDigits));
  out[kUdp + digits] = ' ';
  copy(out, kUdp + digits + 1, said);
  const size_t size = kUdp + digits + 1 + said.size();
  put16(out, 0, station.port);
  put16(out, 2, from);
  put16(out, 4, static_cast<uint16_t>(size));
  put16(out, 6, 0);
  const uint16_t sum =
      fold(add_words(out.first(size), pseudo_header(station.address, packet.from, size)));
  put16(out, 6, sum != 0 ? sum : 0xffff); // 0 would say that there is none
  return size;
}

size_t answer_ip(Station &station, Bytes frame, Room reply) {
  const Packet packet = open_ip(station, frame.subspan(kEthernet));
  const Room out = reply.subspan(kEthernet + kIp);
  size_t size = 0;
  if (packet.protocol == kProtocolIcmp)
    size = answer_icmp(packet.payload, out);
  else if (packet.protocol == kProtocolUdp)
    size = answer_udp(station, packet, out);
  if (size == 0)
    return 0;
  put_ethernet(reply, station, frame, kTypeIp);
  put_ip(reply.subspan(kEthernet), station, packet, size);
  return kEthernet + kIp + size;
}

} // namespace

size_t answer(Station &station, Bytes frame, Room reply) {
  if (frame.size() < kEthernet || frame.size() > kMostFrame || reply.size() < kMostFrame)
    return 0;
  reply = reply.first(kMostFrame);
  const Bytes to = frame.first(6), from = frame.subspan(6, 6);
  const bool for_us = equal(to, station.mac);
  if (!is_unicast(from) || equal(from, station.mac))
    return 0;
  static constexpr Mac everybody = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  switch (get16(frame, 12)) {
  case kTypeArp:
    return for_us || equal(to, everybody) ? answer_arp(station, frame, reply) : 0;
  case kTypeIp:
    return for_us ? answer_ip(station, frame, reply) : 0;
  default:
    return 0;
  }
}

} // namespace unikernel
