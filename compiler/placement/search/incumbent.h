// The best assignment that any thread has found. Nothing gets in that the judge has not seen.
#pragma once

#include <mutex>

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

class Incumbent {
public:
  Incumbent(const Model &model, const Options &options, Budget::Clock::time_point start)
      : model_(model), options_(options), start_(start) {}

  /// Takes the state's assignment if it is cheaper, or as cheap and from an earlier thread.
  void offer(const State &state, unsigned thread, uint64_t ticks);

  std::optional<Solution> best() const;
  Cost cost() const; ///< the largest there is while there is none
  /// Whether it is as good as the caller asked for.
  bool enough() const;

private:
  const Model &model_;
  const Options &options_;
  const Budget::Clock::time_point start_;
  mutable std::mutex mutex_;
  std::optional<Solution> best_;
  unsigned thread_ = 0;
};

} // namespace nemo::optimiser
