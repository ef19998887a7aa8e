// Finds cheap assignments: anytime, on several cores, the same for a given seed and effort.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>

#include "compiler/placement/model/model.h"

namespace nemo::optimiser {

struct Progress {
  std::chrono::nanoseconds elapsed{};
  uint64_t ticks = 0;
  Cost cost = 0;
};

struct Options {
  uint64_t seed = 1;
  unsigned threads = 1;
  /// Work units of each thread, the same on every machine; with nothing but this the answer is
  /// reproducible.
  std::optional<uint64_t> effort;
  std::optional<std::chrono::nanoseconds> time_limit; ///< whichever of the two comes first
  /// A cost that is known to be the best possible, or good enough: the search ends when it gets
  /// there.
  std::optional<Cost> enough;
  const std::atomic<bool> *stop = nullptr;              ///< set: return the best so far
  std::function<void(const Progress &)> on_improvement; ///< called by one thread at a time
};

/// No assignment was found within the effort; says nothing about whether one exists.
class NothingFound : public llvm::ErrorInfo<NothingFound> {
public:
  static char ID;
  explicit NothingFound(uint32_t replica) : replica(replica) {}
  void log(llvm::raw_ostream &out) const override { out << "no placement found"; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }
  uint32_t replica; ///< one that found no room
};

/// \param start  an assignment to begin with, say what runs now, as far as it keeps the rules;
/// none:
///               it constructs one.
/// \param options  with neither effort nor time limit, some effort by the number of replicas.
/// \returns a solution that `evaluate` found feasible and whose cost it computed.
/// \pre check(model)
llvm::Expected<Solution> solve(const Model &model, const std::optional<Solution> &start,
                               const Options &options);

} // namespace nemo::optimiser
