// What has expired starts nothing new: told to the agent when it expires, and undone when it is
// renewed.
#include "runtime-agent/fleet/link.h"
#include "runtime-agent/fleet/validity.h"

namespace nemo::agent::fleet {

void Link::judge_validities() {
  const UnixNanos time = now();
  std::map<std::string, Agent::HeldBack> held;
  std::optional<UnixNanos> next;
  for (const auto &[stack, validity] : memory_->validities()) {
    if (std::string why = why_held(validity, time); !why.empty())
      held[stack] = {validity.generation(), std::move(why)};
    if (const auto until = expires_after(validity, time))
      next = std::min(next.value_or(*until), *until);
  }
  agent_.hold_back(std::move(held));
  loop_.cancel(std::exchange(expiry_timer_, 0));
  if (next)
    later(expiry_timer_, std::chrono::ceil<std::chrono::milliseconds>(*next - time).count(),
          &Link::judge_validities);
}

} // namespace nemo::agent::fleet
