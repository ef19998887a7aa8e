#include "compiler/placement/search/incumbent.h"

namespace nemo::optimiser {

void Incumbent::offer(const State &state, unsigned thread, uint64_t ticks) {
  if (state.broken() > 0)
    return;
  const auto improves = [&](Cost cost) {
    return !best_ || cost < best_->cost || (cost == best_->cost && thread < thread_);
  };
  {
    std::lock_guard lock(mutex_);
    if (!improves(state.cost()))
      return;
  }
  Solution solution = state.solution();
  const Evaluation judged = evaluate(model_, solution);
  if (!judged.feasible())
    return;
  solution.cost = judged.total();
  std::lock_guard lock(mutex_);
  if (!improves(solution.cost))
    return;
  const bool better = !best_ || solution.cost < best_->cost;
  best_ = std::move(solution);
  thread_ = thread;
  if (better && options_.on_improvement)
    options_.on_improvement({Budget::Clock::now() - start_, ticks, best_->cost});
}

std::optional<Solution> Incumbent::best() const {
  std::lock_guard lock(mutex_);
  return best_;
}

Cost Incumbent::cost() const {
  std::lock_guard lock(mutex_);
  return best_ ? best_->cost : std::numeric_limits<Cost>::max();
}

bool Incumbent::enough() const { return options_.enough && cost() <= *options_.enough; }

} // namespace nemo::optimiser
