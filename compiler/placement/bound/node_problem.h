// What one node does for itself at given multipliers: which of the replicas that are at home there
// it keeps, whole, and how much of each resource it takes in besides, in any amount.
#pragma once

#include "compiler/placement/bound/relaxation.h"

namespace nemo::optimiser {

template <class Number> class NodeProblem {
public:
  explicit NodeProblem(const Relaxation &relaxation) : relaxation_(relaxation) {}

  /// \param likely  a load near which the best is likely to be; may be empty. Steers only.
  /// \returns the least cost, or less than that where the search was cut short.
  Number solve(const Multipliers<Number> &multipliers, uint32_t node,
               const std::vector<int64_t> &likely);

  /// Of the best that was seen:
  const std::vector<bool> &kept() const { return best_kept_; }    ///< by index in homes(node)
  std::vector<int64_t> taken_in() const;                          ///< by resource
  const std::vector<int64_t> &load() const { return best_load_; } ///< of what is kept
  bool open() const { return open_; }
  uint64_t steps() const { return steps_; }

private:
  // One resource: convex and piecewise linear in what is kept.
  struct Side {
    Number overload, balance, price; ///< per unit: above safety, for balances, of what comes in
    int64_t safety, capacity, room;
  };
  // A line below that function of each resource: its slopes, and its value without any load.
  struct Tangent {
    std::vector<Number> slope;
    Number at_zero = 0;
    std::vector<Number> gains; ///< sums from a home on of what homes can gain at these slopes
  };

  int64_t intake(const Side &side, int64_t kept) const;
  Number value(const Side &side, int64_t kept) const;
  Number slope(const Side &side, int64_t kept) const;
  void set_up(const Multipliers<Number> &multipliers, uint32_t node);
  void add_tangent(std::vector<Number> slope, Number at_zero);
  void descend(size_t index);
  Number bound_here(size_t index, Number here);

  const Relaxation &relaxation_;
  std::vector<Side> sides_;
  std::vector<std::vector<int64_t>> demand_; ///< by home
  std::vector<Number> stay_;
  std::vector<Tangent> tangents_;
  std::vector<Number> at_tangent_; ///< of the load, by tangent
  std::vector<Number> slopes_;     ///< where the load is
  std::vector<int64_t> load_, best_load_;
  std::vector<bool> kept_, best_kept_;
  Number paid_ = 0, best_ = 0, open_bound_ = 0;
  uint64_t steps_ = 0, left_ = 0;
  bool open_ = true;
};

} // namespace nemo::optimiser
