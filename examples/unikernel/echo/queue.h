// A split virtqueue (virtio 1.1, section 2.6) with a buffer of its own behind each descriptor. What
// the device writes is checked before it is used: a device that breaks the rules is given up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "examples/unikernel/echo/bytes.h"

namespace unikernel {

constexpr uint16_t kQueueSize = 64;
constexpr size_t kBufferSize = 2048;

class Queue {
public:
  enum class Direction { receive, send };
  explicit Queue(Direction direction);

  /// Hands buffer `id` to the device with `length` bytes in it (send) or that many of room
  /// (receive). It must be a free one.
  void hand_over(uint16_t id, size_t length);
  /// One that is not with the device; nullopt when all are.
  std::optional<uint16_t> free_buffer() const;
  Room buffer(uint16_t id) { return buffers_[id]; }

  struct Used {
    uint16_t id = 0;
    size_t length = 0; ///< bytes that the device wrote
  };
  /// The next buffer that the device has given back, which is free from here on.
  std::optional<Used> take_back();
  /// Has it given back something that take_back() has not seen?
  bool pending() const { return !broken_ && seen_ != load_used_index(); }
  /// The device said what cannot be: an index beyond the ring, a buffer that it does not have, more
  /// bytes than there is room for. Nothing is taken from it any more.
  bool broken() const { return broken_; }

  // What the device is told, and the tests, which play it.
  struct Descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
  };
  struct Available {
    uint16_t flags, index;
    uint16_t ring[kQueueSize];
  };
  struct Entry {
    uint32_t id, length;
  };
  struct UsedRing {
    uint16_t flags, index;
    Entry ring[kQueueSize];
  };
  const Descriptor *descriptors() const { return descriptors_; }
  const Available &available() const { return available_; }
  UsedRing &used() { return used_; }

private:
  uint16_t load_used_index() const { return __atomic_load_n(&used_.index, __ATOMIC_ACQUIRE); }

  alignas(16) Descriptor descriptors_[kQueueSize] = {};
  alignas(4) Available available_ = {};
  alignas(4) UsedRing used_ = {};
  std::array<std::array<uint8_t, kBufferSize>, kQueueSize> buffers_ = {};
  std::array<bool, kQueueSize> with_device_ = {};
  Direction direction_;
  uint16_t seen_ = 0; ///< of the used ring
  bool broken_ = false;
};

} // namespace unikernel
