#include "examples/unikernel/echo/working_set.h"

namespace unikernel {

bool WorkingSet::write(size_t count) {
  const size_t all = pages();
  for (size_t i = 0; i < count && all > 0; ++i) {
    // Another word each round: over the rounds all of the page is written.
    volatile uint64_t *page = memory_.data() + at_ * kWords;
    const uint64_t last = round_ == 0 ? 0 : page[(round_ - 1) % kWords];
    if (last != round_)
      return false;
    page[round_ % kWords] = round_ + 1;
    if (++at_ == all) {
      at_ = 0;
      ++round_;
    }
  }
  return true;
}

} // namespace unikernel
