#include "backends/fleet/number.h"

#include <algorithm>

#include "protocol/trust/guard.h"

namespace nemo::backends::fleet {

std::optional<Number> next_number(const Accepted &accepted, std::optional<Number> stored,
                                  std::optional<uint64_t> term) {
  uint64_t most = trust::max_first_epoch; // above, the node takes none
  if (accepted.number)
    most = accepted.number->epoch +
           std::min(trust::max_epoch_step, UINT64_MAX - accepted.number->epoch);
  else if (stored && !accepted.known)
    most = stored->epoch; // which may be as far as it can go at once
  if (stored && stored->epoch > most)
    stored.reset();
  const Number last = std::max(accepted.number.value_or(Number{}), stored.value_or(Number{}));
  if (term && *term < last.epoch)
    return std::nullopt;
  // One node that lies about what it has accepted raises the term of all.
  if (term && std::min(*term, most) > last.epoch)
    return Number{std::min(*term, most), 1};
  if (last.generation < UINT64_MAX)
    return Number{last.epoch, last.generation + 1};
  return last.epoch < most ? std::optional(Number{last.epoch + 1, 0}) : std::nullopt;
}

} // namespace nemo::backends::fleet
