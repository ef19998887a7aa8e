// A virtio network device behind memory-mapped registers (virtio 1.1, sections 4.2.2 and 5.1), with
// one queue each way and no feature beyond its address.
#pragma once

#include <cstddef>

#include "examples/unikernel/echo/answer.h"
#include "examples/unikernel/echo/options.h"
#include "examples/unikernel/echo/queue.h"

namespace unikernel {

class Network {
public:
  /// Takes the first of the machine's devices that is one, or gives up.
  explicit Network(const Options &options);

  const Mac &mac() const { return mac_; }
  /// Answers every frame that has come. Frames that there is no room to answer are dropped.
  void serve(Station &station);
  bool pending() const { return receive_.pending(); }

private:
  void start(Place place);
  void set_up(uint32_t number, const Queue &queue, const void *used);
  volatile uint32_t &at(uint64_t offset) const;

  uint64_t registers_ = 0;
  Mac mac_ = {};
  Queue receive_{Queue::Direction::receive};
  Queue send_{Queue::Direction::send};
};

} // namespace unikernel
