#include "runtime-agent/core/events.h"

#include <algorithm>

#include "base/clock.h"

namespace nemo::agent {

void Events::add(proto::Event event) {
  event.set_sequence(++last_);
  event.set_time(to_rfc3339(now()));
  kept_.push_back(std::move(event));
  if (kept_.size() > keep_) {
    given_up_ = kept_.front().sequence();
    kept_.pop_front();
  }
}

const proto::Event *Events::next(uint64_t after) const {
  const auto found = std::upper_bound(
      kept_.begin(), kept_.end(), after,
      [](uint64_t number, const proto::Event &event) { return number < event.sequence(); });
  return found == kept_.end() ? nullptr : &*found;
}

} // namespace nemo::agent
