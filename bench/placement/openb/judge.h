// Runs a policy over a stream and has the outcome judged by the model's own checker.
#pragma once

#include <map>
#include <optional>

#include "bench/placement/openb/arrivals.h"
#include "compiler/placement/online/rooms.h"

namespace nemo::bench {

/// Allocated GPU in % of the cluster's, by how many % of it had been requested: the mean over the
/// arrivals at which the request rounds to that, as the published figures are made.
using Curve = std::map<int, double>;

struct Outcome {
  Curve curve;
  double seconds = 0; ///< of this thread's processor time, spent in decisions
  size_t decisions = 0;
};

/// The stream as replicas that may be left out at a price of their GPU.
optimiser::Model with_arrivals(const optimiser::Model &model, const std::vector<uint32_t> &stream);

/// \returns the allocated GPU of a solution in thousandths, or an error when it is not feasible.
llvm::Expected<int64_t> allocated(const optimiser::Model &model,
                                  const optimiser::Solution &solution);

/// \param choose, take  the policy's; it sees one shape at a time.
llvm::Expected<Outcome>
replay(const optimiser::Model &model, const std::vector<uint32_t> &stream,
       llvm::function_ref<std::optional<optimiser::Choice>(uint32_t shape)> choose,
       llvm::function_ref<void(uint32_t shape, const optimiser::Choice &)> take);

} // namespace nemo::bench
