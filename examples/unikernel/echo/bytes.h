// Fields of packets: big-endian, wherever they lie. Callers have looked at the length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace unikernel {

using Bytes = std::span<const uint8_t>;
using Room = std::span<uint8_t>;

inline uint16_t get16(Bytes bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

inline uint32_t get32(Bytes bytes, size_t at) {
  return uint32_t{get16(bytes, at)} << 16 | get16(bytes, at + 2);
}

inline void put16(Room room, size_t at, uint16_t value) {
  room[at] = static_cast<uint8_t>(value >> 8);
  room[at + 1] = static_cast<uint8_t>(value);
}

inline void put32(Room room, size_t at, uint32_t value) {
  put16(room, at, static_cast<uint16_t>(value >> 16));
  put16(room, at + 2, static_cast<uint16_t>(value));
}

inline void copy(Room to, size_t at, Bytes from) {
  for (size_t i = 0; i < from.size(); ++i)
    to[at + i] = from[i];
}

} // namespace unikernel
