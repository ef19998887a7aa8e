// The numbers of what is delivered: nodes refuse what is not above the last they have accepted of a
// stack, and what is further above than any honest member gets at once (protocol/trust/guard.h).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

namespace nemo::backends::fleet {

struct Number {
  uint64_t epoch = 1, generation = 0;
  auto operator<=>(const Number &) const = default;
};

/// What a node says that it has accepted of a stack.
struct Accepted {
  bool known = false; ///< it has said so lately
  std::optional<Number> number;
};

/// What follows what the node has accepted and what is stored for it, which it may not have taken
/// yet. Who leads delivers in the epoch of its term, so that who led before it is refused by the
/// nodes; others go on in the epoch that there is.
///
/// \returns nothing where the term is over: somebody has delivered in a later one.
std::optional<Number> next_number(const Accepted &accepted, std::optional<Number> stored,
                                  std::optional<uint64_t> term);

} // namespace nemo::backends::fleet
