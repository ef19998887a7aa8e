// One instance bounded, solved and judged within a time limit, as every bench of placement does it.
#pragma once

#include <chrono>
#include <string>

#include "compiler/placement/model/model.h"

namespace nemo::bench {

struct Solved {
  optimiser::Cost cost = 0, bound = 0;
  optimiser::Evaluation judged;
  double seconds = 0; ///< of both
  const char *method = "";

  /// What is not proven to be necessary, in percent of the cost.
  double gap() const {
    return cost == 0 ? 0 : 100 * static_cast<double>(cost - bound) / static_cast<double>(cost);
  }
};

struct Effort {
  std::chrono::nanoseconds time_limit{}; ///< for bound and search together
  uint64_t seed = 1;
  unsigned threads = 1;
};

/// Stops early when the cost reaches the bound.
/// \returns an error when nothing is found or the judge objects.
llvm::Expected<Solved> solve_and_judge(const optimiser::Model &model, const Effort &effort);

/// A positive number of seconds, at most a day.
llvm::Expected<std::chrono::nanoseconds> seconds_of(const std::string &text);

} // namespace nemo::bench
