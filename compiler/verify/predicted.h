// What the models say of service levels, computed again from the facts: with other algorithms than
// the compiler's where there are others, and with none of its code.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compiler/verify/case.h"

namespace nemo::verify {

struct Predicted {
  std::string model; ///< empty: nobody predicts it
  proto::Value low, high;
  bool bounded = false;  ///< the model gives bounds
  std::string unbounded; ///< why there is no value: it grows without end
};

using Predictions = std::map<std::string, Predicted>;
using WorkloadList = std::vector<const proto::Workload *>;
/// Where the replicas of a workload are.
using ReplicasOf = std::function<const std::vector<const Replica *> &(const proto::Workload *)>;

/// A figure that was computed in floating point is accepted within one unit of its fourth digit:
/// a relative difference of at most 1/1000 (of an availability: of what it lacks to 100%).
bool close(const Predicted &own, const proto::Quantity &low, const proto::Quantity &high);

/// Whether the formula is true for every value within the bounds, or for none; nullopt otherwise.
/// \returns an error where the formula has no value.
llvm::Expected<std::optional<bool>> holds(const proto::Expr &formula, const Predictions &figures,
                                          formula::Lookup others);
/// Least and greatest value of a formula; nullopt where it has none.
std::optional<std::pair<proto::Quantity, proto::Quantity>>
extremes(const proto::Expr &formula, const Predictions &figures, formula::Lookup others);
/// A formula with each figure at its low end (or high, for those in `raised`).
llvm::Expected<formula::Evaluation> evaluate_at(const proto::Expr &formula,
                                                const Predictions &figures,
                                                const std::set<std::string> &raised,
                                                formula::Lookup others);

} // namespace nemo::verify
