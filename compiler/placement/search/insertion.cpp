#include "compiler/placement/search/insertion.h"

#include <cmath>

namespace nemo::optimiser {

Insertion::Insertion(State &state) : state_(state), order_(state) {
  const Tables &tables = state.tables();
  for (uint32_t room = 0; room < tables.rooms; ++room) {
    double capacity = 0;
    for (uint32_t node = 0; node < tables.nodes; ++node)
      capacity += static_cast<double>(tables.node_rows[size_t{node} * tables.stride + room]);
    weight_.push_back(capacity > 0 ? tables.nodes / capacity : 0);
  }
}

// The cosine between what the replica takes and what is free.
double Insertion::alignment(uint32_t replica, uint32_t node) const {
  const int64_t *taken = state_.tables().row(replica), *left = state_.node_row(node);
  double both = 0, of_taken = 0, of_left = 0;
  for (size_t room = 0; room < weight_.size(); ++room) {
    const double one = weight_[room] * static_cast<double>(taken[room]),
                 other = weight_[room] * static_cast<double>(left[room]);
    both += one * other;
    of_taken += one * one;
    of_left += other * other;
  }
  return both / std::sqrt(of_taken * of_left + 1e-300);
}

Choice Insertion::best(uint32_t replica, const Breadth &breadth, uint64_t &looked) const {
  Choice best;
  const Cost leaving = state_.leaving(replica);
  compared_.clear();
  auto compare = [&](uint32_t node) {
    Choice one;
    if (!consider(replica, node, leaving, one))
      return false;
    if (one.better_than(best))
      best = one;
    compared_.push_back(one);
    return true;
  };
  if (const uint32_t home = state_.tables().home[replica]; home != nowhere)
    compare(home);
  const uint32_t enough = state_.unsettled(replica) ? breadth.further : breadth.few;
  uint32_t taken = 0;
  order_.visit(replica, [&](uint32_t node) {
    ++looked;
    taken += compare(node);
    return taken < breadth.few || (taken < enough && best.strain >= 0);
  });
  if (breadth.tolerance == 0 || compared_.size() < 2)
    return best;
  const double arriving = std::fabs(static_cast<double>(best.cost - leaving)),
               most = static_cast<double>(best.cost) + breadth.tolerance * arriving;
  const int64_t strain = best.strain;
  double closest = -HUGE_VAL;
  for (const Choice &one : compared_)
    if (one.strain == strain && static_cast<double>(one.cost) <= most)
      if (const double close = alignment(replica, one.node); close > closest) {
        closest = close;
        best = one;
      }
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
