#include "bench/placement/openb/judge.h"

#include <cmath>
#include <ctime>

#include "llvm/Support/FormatVariadic.h"

namespace nemo::bench {

namespace {

double processor_seconds() {
  timespec at{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

} // namespace

optimiser::Model with_arrivals(const optimiser::Model &model, const std::vector<uint32_t> &stream) {
  optimiser::Model out = model;
  for (uint32_t shape : stream) {
    optimiser::Replica replica;
    replica.shape = shape;
    replica.absence_price = requested(model.shapes[shape]);
    out.replicas.push_back(replica);
  }
  return out;
}

llvm::Expected<int64_t> allocated(const optimiser::Model &model,
                                  const optimiser::Solution &solution) {
  if (auto error = optimiser::check(model))
    return std::move(error);
  const auto evaluation = optimiser::evaluate(model, solution);
  if (!evaluation.feasible())
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   "the checker refuses it: " + evaluation.violations.front());
  int64_t arrived = 0;
  for (const auto &replica : model.replicas)
    arrived += replica.absence_price;
  return arrived - evaluation.absence;
}

llvm::Expected<Outcome>
replay(const optimiser::Model &model, const std::vector<uint32_t> &stream,
       llvm::function_ref<std::optional<optimiser::Choice>(uint32_t shape)> choose,
       llvm::function_ref<void(uint32_t shape, const optimiser::Choice &)> take) {
  Outcome out;
  optimiser::Solution solution;
  std::map<int, size_t> count;
  const auto capacity = static_cast<double>(gpu_capacity(model));
  int64_t asked = 0, given = 0;
  for (uint32_t shape : stream) {
    const double begin = processor_seconds();
    const auto choice = choose(shape);
    if (choice)
      take(shape, *choice);
    out.seconds += processor_seconds() - begin;
    ++out.decisions;
    asked += requested(model.shapes[shape]);
    if (choice)
      given += requested(model.shapes[shape]);
    solution.node_of.push_back(choice ? choice->node : optimiser::nowhere);
    solution.devices_of.push_back(choice ? choice->devices : 0);
    const int percent = static_cast<int>(std::lround(100 * static_cast<double>(asked) / capacity));
    out.curve[percent] += 100 * static_cast<double>(given) / capacity;
    ++count[percent];
  }
  for (auto &[percent, sum] : out.curve)
    sum /= static_cast<double>(count[percent]);
  auto judged = allocated(with_arrivals(model, stream), solution);
  if (!judged)
    return judged.takeError();
  if (*judged != given)
    return llvm::createStringError(
        llvm::inconvertibleErrorCode(),
        llvm::formatv("{0} allocated, the checker counts {1}", given, *judged).str());
  return out;
}

} // namespace nemo::bench
