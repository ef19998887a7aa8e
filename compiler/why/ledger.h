// The objective's view of one workload, exact: what each node's energy, carbon and cost come to,
// and what leaving the node that it runs on adds.
#pragma once

#include <array>
#include <set>

#include "compiler/placement/jobs.h"
#include "compiler/placement/objective.h"
#include "compiler/placement/place.h"
#include "compiler/why/why.h"

namespace nemo::why {

constexpr size_t figure_count = 3; ///< energy, carbon, cost
extern const std::array<const char *, figure_count> figure_names;

class Ledger {
public:
  Ledger(const proto::Intent &intent, const std::vector<compiler::NodeView> &nodes,
         const compiler::Objective &objective, const compiler::Jobs &jobs, size_t workload);

  /// What the others make of the replica that is told of.
  struct Others {
    std::set<size_t> hosts;      ///< nodes that they are on: keeping those awake is not for it
    std::vector<int64_t> uneven; ///< by node, 1e-9 of the objective per hour that it adds as nodes
                                 ///< are uneven; empty: nothing is asked
    std::vector<double> sent;    ///< by node, EUR/s that its flows pay; empty: nothing
  };
  void beside(Others others);

  /// What a figure counts on a node, then preferences that it does not keep, imbalance and flows; 0
  /// where it has no weight, nullopt where it is not known.
  using Parts = std::array<std::optional<Rational>, figure_count + 3>;
  /// \param home  where it runs and may stay; leaving it has a price.
  Parts parts(size_t node, std::optional<size_t> home) const;
  std::optional<Rational> total(size_t node, std::optional<size_t> home) const;
  Offer offer(size_t node, std::optional<size_t> home) const;

  Quantity money(const Rational &value) const;
  /// The weight of a figure in the unit that the author gave it; nullopt where it is a mere factor.
  std::optional<Quantity> price(size_t figure, size_t node) const;
  bool counts(size_t figure, size_t node) const;

private:
  const compiler::Figures &own(size_t node) const;
  const compiler::Figures &figures(size_t node) const; ///< with keeping the node awake
  Parts parts_of(const compiler::Figures &figures, size_t node) const;
  // In the objective's base unit.
  Rational wished(size_t node) const;
  Rational uneven(size_t node) const;
  Rational sent(size_t node) const;

  const proto::Intent &intent_;
  const std::vector<compiler::NodeView> &nodes_;
  const compiler::Objective &objective_;
  const compiler::Jobs &jobs_;
  size_t workload_;
  std::string unit_;
  std::array<std::string, figure_count> price_units_;
  Others others_;
  mutable std::vector<std::optional<compiler::Figures>> own_, figures_;
};

} // namespace nemo::why
