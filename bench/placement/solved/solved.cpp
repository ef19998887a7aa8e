#include "bench/placement/solved/solved.h"

#include "compiler/placement/bound/bound.h"
#include "compiler/placement/search/search.h"
#include "llvm/ADT/StringRef.h"

namespace nemo::bench {

namespace {

using Clock = std::chrono::steady_clock;

llvm::Error wrong(const std::string &what) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), what);
}

} // namespace

llvm::Expected<Solved> solve_and_judge(const optimiser::Model &model, const Effort &effort) {
  const auto begin = Clock::now();
  optimiser::BoundOptions bounding;
  bounding.time_limit = effort.time_limit / 8;
  const optimiser::Bound bound = optimiser::bound(model, bounding);
  optimiser::Options options;
  options.seed = effort.seed;
  options.threads = effort.threads;
  options.enough = bound.value;
  // The search looks at the clock now and then, and the judge comes after it.
  options.time_limit = std::max<std::chrono::nanoseconds>(
      effort.time_limit / 32 * 31 - (Clock::now() - begin), effort.time_limit / 8);
  auto solution = optimiser::solve(model, std::nullopt, options);
  if (!solution)
    return solution.takeError();
  Solved out;
  out.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  out.judged = optimiser::evaluate(model, *solution);
  out.cost = out.judged.total();
  out.bound = bound.value;
  out.method = bound.method;
  if (!out.judged.feasible())
    return wrong("the judge objects: " + out.judged.violations.front());
  if (out.cost != solution->cost)
    return wrong("the judge finds another cost than the search");
  if (out.bound > out.cost)
    return wrong("the bound is above the cost; one is wrong");
  return out;
}

llvm::Expected<std::chrono::nanoseconds> seconds_of(const std::string &text) {
  double seconds = 0;
  if (llvm::StringRef(text).getAsDouble(seconds) || !(seconds > 0) || seconds > 86'400)
    return wrong("--time-limit is a number of seconds above 0, and at most a day");
  return std::chrono::nanoseconds(static_cast<int64_t>(seconds * 1e9));
}

} // namespace nemo::bench
