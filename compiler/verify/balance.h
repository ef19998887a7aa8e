// What uneven nodes add to the objective.
#pragma once

#include <optional>

#include "compiler/verify/case.h"

namespace nemo::verify {

/// The objective's `balance`, in 1e-9 EUR for a core and hour; 0: nothing is asked.
uint64_t balance_asked(const proto::Intent &intent);
/// 1e-6 EUR/h of the processor that the plan reserves above the even shares of nodes; nullopt
/// beyond 64 bits.
std::optional<int64_t> imbalance(const Case &subject);

} // namespace nemo::verify
