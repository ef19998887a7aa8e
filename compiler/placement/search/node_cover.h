// Which nodes to open, before anybody is placed: the cheapest that have enough of everything.
#pragma once

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/random.h"
#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

/// A knapsack cover with one row for each resource, over classes of nodes that cost and have the
/// same. Annealed on how many of each class are open; what is missing has a price of its own for
/// each resource, which rises while some is missing and falls while there is too much, so that the
/// search goes to and fro across what suffices.
/// Source: strategic oscillation, Glover (1977), "Heuristics for integer programming using
/// surrogate constraints".
class NodeCover {
public:
  /// \pre the tables outlive it, and some node costs something to open.
  explicit NodeCover(const Tables &tables);

  /// \param need  by room. \param state  of a class those are taken first that host most.
  /// \returns nodes that together have that much, in rising order; none, when all together have
  /// less. The next call begins with their classes.
  std::vector<uint32_t> find(const std::vector<double> &need, const State &state, Random &random,
                             Budget &budget);

private:
  struct Class {
    double price = 0;
    std::vector<uint32_t> nodes;
    uint32_t open = 0;
  };

  double capacity(uint32_t of, uint32_t room) const {
    return capacity_[size_t{of} * rooms_ + room];
  }
  double missing(const std::vector<double> &has) const;
  void anneal(Random &random, Budget &budget);
  void adjust_fines();
  void keep_if_enough();

  uint32_t rooms_;
  std::vector<Class> classes_;
  std::vector<double> capacity_; ///< [class * rooms + room]
  std::vector<double> need_, has_, fine_, least_fine_;
  double price_ = 0, best_price_ = 0;
  std::vector<uint32_t> best_; ///< open nodes by class
};

} // namespace nemo::optimiser
