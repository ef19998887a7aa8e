#include "examples/unikernel/echo/queue.h"

namespace unikernel {

namespace {
constexpr uint16_t kDeviceWrites = 2; // VIRTQ_DESC_F_WRITE
} // namespace

Queue::Queue(Direction direction) : direction_(direction) {}

void Queue::hand_over(uint16_t id, size_t length) {
  descriptors_[id] = {reinterpret_cast<uint64_t>(buffers_[id].data()),
                      static_cast<uint32_t>(length),
                      direction_ == Direction::receive ? kDeviceWrites : uint16_t{0}, 0};
  with_device_[id] = true;
  const uint16_t index = available_.index;
  available_.ring[index % kQueueSize] = id;
  // The device reads the ring once it sees the index.
  __atomic_store_n(&available_.index, static_cast<uint16_t>(index + 1), __ATOMIC_RELEASE);
}

std::optional<uint16_t> Queue::free_buffer() const {
  for (uint16_t id = 0; id < kQueueSize; ++id)
    if (!with_device_[id])
      return id;
  return std::nullopt;
}

std::optional<Queue::Used> Queue::take_back() {
  const uint16_t index = load_used_index();
  if (broken_ || index == seen_)
    return std::nullopt;
  // Read once: the device may write at any time.
  const volatile Entry &entry = used_.ring[seen_ % kQueueSize];
  const uint32_t id = entry.id, length = entry.length;
  const bool writes = direction_ == Direction::receive;
  if (static_cast<uint16_t>(index - seen_) > kQueueSize || id >= kQueueSize || !with_device_[id] ||
      (writes && length > descriptors_[id].length)) {
    broken_ = true;
    return std::nullopt;
  }
  ++seen_;
  with_device_[id] = false;
  return Used{static_cast<uint16_t>(id), writes ? length : 0};
}

} // namespace unikernel
