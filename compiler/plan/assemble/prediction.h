// What a model says of a figure, and what follows for a formula over such figures.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "llvm/Support/Error.h"

#include "protocol/formula/evaluate.h"

namespace nemo::compiler {

/// A figure is between `low` and `high`, which are one where the model is exact.
struct Prediction {
  std::string model; ///< empty: nobody predicts it
  proto::Value low, high;
  bool bounded = false;  ///< the model gives bounds: both are told
  std::string unbounded; ///< why it grows beyond every bound; then there is no value
  static Prediction unknown(std::string model, const std::string &missing);
  static Prediction exact(std::string model, const proto::Value &value);
};

/// By the name that a formula has for it.
using Predictions = std::map<std::string, Prediction>;

/// What a formula over predictions comes to.
struct Outcome {
  /// True or false only where it is so for every value within the bounds. Monotone formulas are
  /// decided at the ends of the bounds; others (==, in) are open while there is something between.
  std::optional<bool> holds;
  formula::Evaluation shown; ///< at the low ends, with its parts
  std::string missing;       ///< the fact without which there is no value
  std::string unbounded;     ///< why a figure has no bound
};

/// \param others  values of the names that are no figures.
/// \returns an error for a formula without a value, as formula::evaluate does.
llvm::Expected<Outcome> decide(const proto::Expr &formula, const Predictions &figures,
                               formula::Lookup others);

/// Least and greatest value of a side of a comparison; nullopt where it has none.
std::optional<std::pair<formula::Quantity, formula::Quantity>>
range_of(const proto::Expr &side, const Predictions &figures, formula::Lookup others);

} // namespace nemo::compiler
