// Annealing of everything in which capacities can be exceeded at a price, as next to no change of
// large replicas finds room on full nodes: what is in the way of a better placement is crossed, not
// walked around. The price rises as the temperature falls, until nothing is exceeded any more.
// Source: strategic oscillation, Glover (1989), "Tabu Search, Part I", ORSA Journal on Computing 1.
#pragma once

#include "compiler/placement/search/anneal.h"

namespace nemo::optimiser {

/// How often it is begun: as often as there is time for, and the best of what has cooled half way
/// goes on, as the colder half hardly changes what tells them apart; or once, and slowly.
enum class Begin { often, once };

/// Until the budget is spent. Capacities are kept afterwards; where they cannot be, the state is as
/// it was.
void anneal_softly(State &state, const Cooling &cooling, Begin begin, Random &random,
                   Budget &budget);

} // namespace nemo::optimiser
