#include "runtime-agent/fleet/validity.h"

#include "base/error.h"
#include "protocol/trust/guard.h"

namespace nemo::agent::fleet {

using trust::from_unix_ms;

std::string why_held(const proto::Validity &validity, UnixNanos now) {
  const UnixNanos since = from_unix_ms(validity.since_unix_ms());
  const UnixNanos until = from_unix_ms(validity.until_unix_ms());
  if (until <= now)
    return fmt::format("the desired state has expired at {}; it starts when a controller renews "
                       "it, or when it is applied again",
                       to_rfc3339(until, 0));
  // Whoever issued it may be ahead by as much.
  if (now + trust::max_skew < since)
    return fmt::format("the clock is before {}, when the desired state was issued; it starts when "
                       "the clock is set",
                       to_rfc3339(since, 0));
  return {};
}

bool is_whole(const proto::Validity &validity) {
  const int64_t since = validity.since_unix_ms(), until = validity.until_unix_ms();
  return since >= 0 && until > since && until - since <= trust::longest_desired_state.count();
}

std::optional<UnixNanos> expires_after(const proto::Validity &validity, UnixNanos now) {
  const UnixNanos until = from_unix_ms(validity.until_unix_ms());
  return until > now ? std::optional(until) : std::nullopt;
}

proto::Validity longest(uint64_t generation, int64_t issued_unix_ms) {
  proto::Validity validity;
  validity.set_generation(generation);
  validity.set_since_unix_ms(issued_unix_ms);
  validity.set_until_unix_ms(issued_unix_ms + trust::longest_desired_state.count());
  return validity;
}

} // namespace nemo::agent::fleet
