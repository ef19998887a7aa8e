// Placing everybody on given nodes that have hardly more room than is asked for: nodes may be more
// than full on the way.
#pragma once

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/random.h"
#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

/// Anneals shifts and swaps on what is above capacity, each resource weighed by demand in all. Of
/// all rules it knows capacities and sets of nodes, of all prices those that a replica pays itself,
/// and these less and less.
class Squeeze {
public:
  explicit Squeeze(const Tables &tables);

  /// \param state  those who are on one of the nodes begin there.
  /// \returns the node of each replica, nowhere for those whom no node may host, as soon as
  /// nothing is above capacity; nothing, when the ticks are spent before.
  std::vector<uint32_t> place(const State &state, const std::vector<uint32_t> &nodes,
                              Random &random, Budget &budget, uint64_t ticks);

private:
  double excess(const int64_t *left) const;
  double excess_with(const int64_t *left, const int64_t *comes, const int64_t *goes) const;
  int64_t *left(uint32_t node) { return left_.data() + size_t{node} * tables_.rooms; }
  void begin(const State &state, const std::vector<uint32_t> &nodes, Random &random);
  void settle(uint32_t replica, uint32_t node);
  void leave(uint32_t replica);
  void shift(uint32_t replica, uint32_t node, double most);
  void swap(uint32_t one, uint32_t other, double most);
  double own(uint32_t replica, uint32_t node) const {
    return of_prices_ * static_cast<double>(tables_.own(replica, node));
  }

  const Tables &tables_;
  std::vector<double> weight_; ///< by room
  double mean_ = 0;            ///< of a replica, weighed
  double excess_ = 0;
  double of_prices_ = 1;      ///< what share of them counts
  std::vector<int64_t> left_; ///< [node * rooms + room]
  std::vector<double> excess_of_;
  std::vector<uint32_t> node_of_, placed_;
};

} // namespace nemo::optimiser
