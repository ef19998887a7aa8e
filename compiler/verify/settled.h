// Who need not have moved: what the intent says of dwelling and of moves in an hour.
#pragma once

#include "compiler/verify/case.h"

namespace nemo::verify {

/// What may not be elsewhere to save cost, by replica of the plan.
struct Stays {
  std::vector<std::string> homes; ///< empty: it is new
  std::vector<bool> held;         ///< it dwells at home, or has begun there
  std::optional<uint64_t> moves;  ///< replicas that may be elsewhere than at home
};
Stays stays(const Case &subject);

/// By replica: why, if it stays, nothing better is looked for.
std::vector<std::string> held_back(const Case &subject);

} // namespace nemo::verify
