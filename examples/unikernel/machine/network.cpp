#include "examples/unikernel/machine/network.h"

#include "examples/unikernel/machine/console.h"
#include "examples/unikernel/machine/interrupts.h"
#include "examples/unikernel/machine/ports.h"

namespace unikernel {

namespace {

enum Register : uint64_t {
  kMagic = 0x00,
  kVersion = 0x04,
  kDevice = 0x08,
  kOffered = 0x10,
  kOfferedWord = 0x14,
  kTaken = 0x20,
  kTakenWord = 0x24,
  kQueue = 0x30,
  kQueueMost = 0x34,
  kQueueLength = 0x38,
  kQueueReady = 0x44,
  kNotify = 0x50,
  kStatus = 0x70,
  kDescriptors = 0x80,
  kAvailable = 0x90,
  kUsed = 0xa0,
  kConfiguration = 0x100,
};

constexpr uint32_t kVirtio = 0x74726976, kModern = 2, kNetworkDevice = 1;
constexpr uint32_t kAcknowledge = 1, kDriver = 2, kDriverOk = 4, kFeaturesOk = 8;
constexpr uint32_t kHasMac = 1 << 5;     // word 0 of the features
constexpr uint32_t kVersionOne = 1 << 0; // word 1
constexpr uint32_t kReceive = 0, kSend = 1;
constexpr size_t kHeader = 12; // before each frame: what the device would do for it; nothing

} // namespace

volatile uint32_t &Network::at(uint64_t offset) const { return register_at(registers_ + offset); }

Network::Network(const Options &options) {
  for (size_t i = 0; i < options.device_count; ++i) {
    const Place place = options.devices[i];
    if (register_at(place.registers + kMagic) == kVirtio &&
        register_at(place.registers + kDevice) == kNetworkDevice) {
      start(place);
      return;
    }
  }
  give_up("the machine has no virtio network device");
}

void Network::start(Place place) {
  registers_ = place.registers;
  if (at(kVersion) != kModern)
    give_up("the network device is a legacy one (QEMU: -global virtio-mmio.force-legacy=false)");
  at(kStatus) = 0;
  at(kStatus) = kAcknowledge | kDriver;
  at(kOfferedWord) = 0;
  const uint32_t low = at(kOffered);
  at(kOfferedWord) = 1;
  const uint32_t high = at(kOffered);
  if ((low & kHasMac) == 0 || (high & kVersionOne) == 0)
    give_up("the network device lacks an address, or virtio 1");
  at(kTakenWord) = 0;
  at(kTaken) = kHasMac;
  at(kTakenWord) = 1;
  at(kTaken) = kVersionOne;
  at(kStatus) = kAcknowledge | kDriver | kFeaturesOk;
  if ((at(kStatus) & kFeaturesOk) == 0)
    give_up("the network device refuses what it offered");
  const auto *configuration = reinterpret_cast<volatile uint8_t *>(registers_ + kConfiguration);
  for (size_t i = 0; i < mac_.size(); ++i)
    mac_[i] = configuration[i];
  set_up(kReceive, receive_, &receive_.used());
  set_up(kSend, send_, &send_.used());
  listen_to_device(place.line, registers_);
  at(kStatus) = kAcknowledge | kDriver | kFeaturesOk | kDriverOk;
  while (const auto id = receive_.free_buffer())
    receive_.hand_over(*id, kBufferSize);
  at(kNotify) = kReceive;
}

void Network::set_up(uint32_t number, const Queue &queue, const void *used) {
  at(kQueue) = number;
  if (at(kQueueReady) != 0 || at(kQueueMost) < kQueueSize)
    give_up("the network device's queues are too short");
  at(kQueueLength) = kQueueSize;
  const std::pair<uint64_t, const void *> areas[] = {
      {kDescriptors, queue.descriptors()}, {kAvailable, &queue.available()}, {kUsed, used}};
  for (const auto &[where, what] : areas) {
    const auto address = reinterpret_cast<uint64_t>(what);
    at(where) = static_cast<uint32_t>(address);
    at(where + 4) = static_cast<uint32_t>(address >> 32);
  }
  at(kQueueReady) = 1;
}

void Network::serve(Station &station) {
  bool received = false, sent = false;
  while (send_.take_back()) {
  }
  while (const auto used = receive_.take_back()) {
    received = true;
    const auto to = send_.free_buffer();
    if (to && used->length > kHeader) {
      const Room out = send_.buffer(*to);
      const Bytes frame = Bytes(receive_.buffer(used->id)).subspan(kHeader, used->length - kHeader);
      if (const size_t size = answer(station, frame, out.subspan(kHeader)); size != 0) {
        for (size_t i = 0; i < kHeader; ++i)
          out[i] = 0;
        send_.hand_over(*to, kHeader + size);
        sent = true;
      }
    }
    receive_.hand_over(used->id, kBufferSize);
  }
  if (receive_.broken() || send_.broken())
    give_up("the network device breaks the rules of its queues");
  if (received)
    at(kNotify) = kReceive;
  if (sent)
    at(kNotify) = kSend;
}

} // namespace unikernel
