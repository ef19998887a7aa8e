// A bound that stands on a search is believed when another search finds nothing below it.
#pragma once

#include "compiler/verify/candidates.h"
#include "compiler/verify/egress.h"

namespace nemo::verify {

enum class Found { nothing, cheaper, undecided };

/// Whether the plan's replicas could stand where they keep every rule and cost less than `bound`
/// together, 1e-6 of the objective's unit per hour. Undecided: there is more to look at than a
/// plan may ask for, or what the rules allow depends on more than where replicas stand.
Found cheaper_than(int64_t bound, const Case &subject, const Objective &objective,
                   const Scarcity &scarcity, const Runs &runs, Choosing &choosing, Egress &egress);

} // namespace nemo::verify
