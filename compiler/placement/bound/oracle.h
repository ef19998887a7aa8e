// The relaxation at given multipliers: its value, and which way is up.
#pragma once

#include <optional>

#include "compiler/placement/bound/assignment.h"
#include "compiler/placement/bound/node_problem.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace nemo::optimiser {

class Oracle {
public:
  explicit Oracle(const Relaxation &relaxation);

  struct Answer {
    double value = 0;
    std::vector<double> slope; ///< a supergradient, by multiplier
  };
  /// \returns nothing when `enough` said so before all was done.
  /// \param tied  the slopes of a resource are the same on all nodes: their mean.
  std::optional<Answer> ask(const std::vector<double> &multipliers, bool tied,
                            llvm::function_ref<bool()> enough);

  /// A lower bound, in exact integers, from these multipliers rounded; nothing as above.
  std::optional<Cost> certify(const std::vector<double> &multipliers,
                              llvm::function_ref<bool()> enough);

  /// Units of effort so far: replicas weighed against nodes.
  uint64_t effort() const { return effort_ + nodes_.steps(); }

private:
  struct Choice {
    double cost = Assignment::never;
    uint32_t node = nowhere;
  };
  using Floating = Multipliers<double>;
  Choice choose(const Floating &multipliers, uint32_t replica);
  /// Solves the unit's assignment. \returns its cost.
  double settle(const Floating &multipliers, const Unit &unit);
  const double *row_of(const Floating &multipliers, uint32_t shape);
  void take(Answer &answer, uint32_t replica, uint32_t node) const;
  void tie(Answer &answer) const;
  void ask_nodes(Answer &answer, const Floating &multipliers);
  /// Into how many parts a unit of cost can be divided without any sum overflowing, as an exponent.
  std::optional<int> shift_of(const std::vector<double> &values) const;

  const Relaxation &relaxation_;
  const Model &model_;
  NodeProblem<double> nodes_;
  std::vector<std::vector<int64_t>> likely_; ///< load that was best last, by node
  std::vector<double> demand_;               ///< sums by resource
  std::vector<double> row_;
  uint32_t row_shape_ = UINT32_MAX;
  Assignment assignment_;
  std::vector<uint32_t> node_in_; ///< [row * domains + domain]: the cheapest there
  uint64_t effort_ = 0;
};

} // namespace nemo::optimiser
