#include "compiler/placement/search/insertion.h"

namespace nemo::optimiser {

Choice Insertion::best(uint32_t replica, const Breadth &breadth, uint64_t &looked) const {
  Choice best;
  const Cost leaving = state_.leaving(replica);
  const uint32_t home = state_.tables().home[replica];
  if (home != nowhere)
    consider(replica, home, leaving, best);
  const uint32_t enough = state_.unsettled(replica) ? breadth.further : breadth.few;
  uint32_t taken = 0;
  order_.visit(replica, [&](uint32_t node) {
    ++looked;
    taken += consider(replica, node, leaving, best);
    return taken < breadth.few || (taken < enough && best.strain >= 0);
  });
  return best;
}

bool Insertion::consider(uint32_t replica, uint32_t node, Cost leaving, Choice &best) const {
  if (!state_.admits(replica, node))
    return false;
  const Choice choice{node, state_.strain(replica, node),
                      leaving + state_.arriving(replica, node) +
                          state_.busiest_change(replica, node)};
  if (choice.better_than(best))
    best = choice;
  return true;
}

void Insertion::shift(uint32_t replica, uint32_t node) {
  const uint32_t from = state_.node_of(replica);
  state_.shift(replica, node);
  for (uint32_t changed : {from, node})
    if (changed != nowhere)
      order_.update(state_, changed);
}

} // namespace nemo::optimiser
