// Frames as another station sends them, written apart from the code under test.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "examples/unikernel/echo/answer.h"

namespace unikernel::test {

using Frame = std::vector<uint8_t>;

constexpr Mac kOurs = {0x52, 0x54, 0, 0, 0, 2}, kTheirs = {0x52, 0x54, 0, 0, 0, 1};
constexpr uint32_t kAddress = 0x0a000002, kPeer = 0x0a000001; // 10.0.0.2 and 10.0.0.1 of /24

inline Station station() { return {kOurs, kAddress, 24, 7, 0}; }

Frame arp(uint32_t sender, uint32_t target);
Frame icmp_echo(const std::string &payload);
Frame udp(const std::string &payload, uint16_t from = 40000, uint16_t to = 7);
/// Sets the IP header's checksum, after a change.
void sum_ip(Frame &frame);
/// Whether all checksums of an answer are right; it has no options.
bool sound(const Frame &frame);

/// What `station` answers; empty: nothing.
Frame ask(Station &station, const Frame &frame);
/// The payload of a UDP answer.
std::string said(const Frame &frame);

} // namespace unikernel::test
