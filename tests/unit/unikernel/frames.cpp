#include "frames.h"

namespace unikernel::test {

namespace {

void add16(Frame &frame, unsigned value) {
  frame.push_back(static_cast<uint8_t>(value >> 8));
  frame.push_back(static_cast<uint8_t>(value));
}

void add32(Frame &frame, uint32_t value) {
  add16(frame, value >> 16);
  add16(frame, value & 0xffff);
}

void add(Frame &frame, const Mac &mac) { frame.insert(frame.end(), mac.begin(), mac.end()); }

uint16_t checksum(const Frame &bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    sum += i % 2 == 0 ? bytes[i] * 256u : bytes[i];
  return static_cast<uint16_t>(0xffff - sum % 0xffff);
}

Frame part(const Frame &frame, size_t from, size_t to) {
  return Frame(frame.begin() + static_cast<long>(from), frame.begin() + static_cast<long>(to));
}

Frame ip(uint8_t protocol, const Frame &payload) {
  Frame frame;
  add(frame, kOurs);
  add(frame, kTheirs);
  add16(frame, 0x0800);
  add16(frame, 0x4500);
  add16(frame, static_cast<unsigned>(20 + payload.size()));
  add16(frame, 0x1234);
  add16(frame, 0x4000);
  add16(frame, 64u << 8 | protocol);
  add16(frame, 0);
  add32(frame, kPeer);
  add32(frame, kAddress);
  sum_ip(frame);
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

/// What UDP's checksum is over: addresses, protocol and length come first.
Frame pseudo(uint32_t from, uint32_t to, const Frame &segment) {
  Frame all;
  add32(all, from);
  add32(all, to);
  add16(all, 17);
  add16(all, static_cast<unsigned>(segment.size()));
  all.insert(all.end(), segment.begin(), segment.end());
  return all;
}

void put(Frame &frame, size_t at, uint16_t value) {
  frame[at] = static_cast<uint8_t>(value >> 8);
  frame[at + 1] = static_cast<uint8_t>(value);
}

bool is_right(uint16_t sum) { return sum == 0 || sum == 0xffff; }

} // namespace

void sum_ip(Frame &frame) {
  put(frame, 24, 0);
  put(frame, 24, checksum(part(frame, 14, 14 + (frame[14] & 15) * 4)));
}

Frame arp(uint32_t sender, uint32_t target) {
  Frame frame;
  add(frame, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
  add(frame, kTheirs);
  add16(frame, 0x0806);
  add16(frame, 1);
  add16(frame, 0x0800);
  add16(frame, 0x0604);
  add16(frame, 1);
  add(frame, kTheirs);
  add32(frame, sender);
  add(frame, {});
  add32(frame, target);
  return frame;
}

Frame icmp_echo(const std::string &payload) {
  Frame icmp = {8, 0, 0, 0, 0x11, 0x22, 0, 1};
  icmp.insert(icmp.end(), payload.begin(), payload.end());
  put(icmp, 2, checksum(icmp));
  return ip(1, icmp);
}

Frame udp(const std::string &payload, uint16_t from, uint16_t to) {
  Frame segment;
  add16(segment, from);
  add16(segment, to);
  add16(segment, static_cast<unsigned>(8 + payload.size()));
  add16(segment, 0);
  segment.insert(segment.end(), payload.begin(), payload.end());
  put(segment, 6, checksum(pseudo(kPeer, kAddress, segment)));
  return ip(17, segment);
}

bool sound(const Frame &frame) {
  const Frame payload = part(frame, 34, frame.size());
  return is_right(checksum(part(frame, 14, 34))) &&
         (frame[23] == 1 ? is_right(checksum(payload))
                         : is_right(checksum(pseudo(kAddress, kPeer, payload))));
}

Frame ask(Station &station, const Frame &frame) {
  // Of the very size, so that a sanitizer sees a byte too far.
  Frame reply(kMostFrame);
  reply.resize(answer(station, frame, reply));
  return reply;
}

std::string said(const Frame &frame) { return {frame.begin() + 42, frame.end()}; }

} // namespace unikernel::test
