// What a station says to a frame that it received: ARP (RFC 826), ICMP echo (RFC 792) and a UDP
// echo that counts. A pure function of the frame and the station, so that it is tested and fuzzed
// on the host. It keeps no table of neighbours: an answer goes back the way the question came.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "examples/unikernel/echo/bytes.h"

namespace unikernel {

using Mac = std::array<uint8_t, 6>;

/// The longest frame, without its checksum; a reply needs as much room.
constexpr size_t kMostFrame = 1514;
/// The longest payload that is echoed: with the counter before it, it still fits in a frame.
constexpr size_t kMostPayload = 1400;

struct Station {
  Mac mac = {};
  uint32_t address = 0; ///< IPv4, host byte order
  unsigned prefix = 24; ///< length of its network's
  uint16_t port = 7;    ///< of the UDP echo
  uint64_t count = 0;   ///< datagrams echoed so far
};

/// \param frame  as received: any length, any content.
/// \param reply  at least kMostFrame bytes.
/// \returns the length of the frame to send; 0: it is not for us, or not sound, or a fragment.
size_t answer(Station &station, Bytes frame, Room reply);

} // namespace unikernel
