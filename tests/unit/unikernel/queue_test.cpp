// The queue, with the test in the part of the device: an honest one, and others.
#include <cstring>
#include <memory>
#include <set>

#include <catch2/catch.hpp>

#include "examples/unikernel/echo/queue.h"

using namespace unikernel;

namespace {

void give_back(Queue &queue, uint32_t id, uint32_t length) {
  Queue::UsedRing &used = queue.used();
  used.ring[used.index % kQueueSize] = {id, length};
  ++used.index;
}

/// Large, so not on the stack.
std::unique_ptr<Queue> filled() {
  auto queue = std::make_unique<Queue>(Queue::Direction::receive);
  while (const auto id = queue->free_buffer())
    queue->hand_over(*id, kBufferSize);
  return queue;
}

} // namespace

TEST_CASE("every buffer is handed over once, with its room") {
  const auto queue = filled();
  CHECK(queue->available().index == kQueueSize);
  std::set<uint64_t> addresses;
  for (uint16_t i = 0; i < kQueueSize; ++i) {
    const Queue::Descriptor &one = queue->descriptors()[queue->available().ring[i]];
    addresses.insert(one.address);
    CHECK(one.length == kBufferSize);
    CHECK(one.flags == 2);
  }
  CHECK(addresses.size() == kQueueSize);
}

TEST_CASE("what comes back is seen once, and its buffer is free") {
  const auto queue = filled();
  CHECK(!queue->pending());
  give_back(*queue, 5, 60);
  CHECK(queue->pending());
  const auto used = queue->take_back();
  REQUIRE(used);
  CHECK(used->id == 5);
  CHECK(used->length == 60);
  CHECK(!queue->take_back());
  CHECK(queue->free_buffer() == 5);
}

TEST_CASE("indices go round") {
  const auto queue = filled();
  for (int i = 0; i < 70000; ++i) {
    const auto id = static_cast<uint16_t>(i % kQueueSize);
    give_back(*queue, id, 1);
    const auto used = queue->take_back();
    REQUIRE(used);
    REQUIRE(used->id == id);
    queue->hand_over(id, kBufferSize);
  }
  CHECK(!queue->broken());
}

TEST_CASE("a device that says what cannot be is given up") {
  const auto queue = filled();
  SECTION("a buffer that does not exist") { give_back(*queue, kQueueSize, 60); }
  SECTION("a buffer far away") { give_back(*queue, UINT32_MAX, 60); }
  SECTION("more bytes than there is room for") { give_back(*queue, 5, kBufferSize + 1); }
  SECTION("more buffers than there are") { queue->used().index = kQueueSize + 1; }
  SECTION("an index that goes back") { queue->used().index = UINT16_MAX; }
  SECTION("the same buffer twice") {
    give_back(*queue, 5, 60);
    give_back(*queue, 5, 60);
    REQUIRE(queue->take_back());
  }
  CHECK(!queue->take_back());
  CHECK(queue->broken());
  CHECK(!queue->pending());
  give_back(*queue, 6, 60);
  CHECK(!queue->take_back());
}

TEST_CASE("the device has no say in what was sent") {
  auto queue = std::make_unique<Queue>(Queue::Direction::send);
  queue->hand_over(0, 42);
  CHECK(queue->descriptors()[0].flags == 0);
  CHECK(queue->descriptors()[0].length == 42);
  give_back(*queue, 0, UINT32_MAX);
  const auto used = queue->take_back();
  REQUIRE(used);
  CHECK(used->length == 0);
}
