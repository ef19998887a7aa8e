#include "compiler/placement/bound/bound.h"

#include <algorithm>

#include "compiler/placement/bound/aggregate.h"
#include "compiler/placement/bound/ascent.h"

namespace nemo::optimiser {

namespace {

/// Pairs of a shape and a node beyond which even the tables of the Lagrangian take too long.
constexpr uint64_t most_pairs = uint64_t{1} << 27;

// Where everybody has a home, an assignment either leaves all of them there or moves somebody, and
// then the busiest group pays for one move at least.
Cost with_busiest(const Model &model, Cost value) {
  const bool all =
      std::all_of(model.replicas.begin(), model.replicas.end(), [](const Replica &replica) {
        return replica.home != nowhere && !replica.groups.empty();
      });
  if (model.busiest_group_price == 0 || !all)
    return value;
  Solution still;
  for (const Replica &replica : model.replicas)
    still.node_of.push_back(replica.home);
  return std::min(evaluate(model, still).total(), value + model.busiest_group_price);
}

} // namespace

Bound bound(const Model &model, const BoundOptions &options) {
  const auto begin = std::chrono::steady_clock::now();
  const Cost sums = aggregate_bound(model);
  if (uint64_t{model.nodes} * model.shapes.size() > most_pairs)
    return {with_busiest(model, sums), "aggregate (too large for the Lagrangian)"};
  BoundOptions rest = options;
  if (rest.time_limit)
    *rest.time_limit -= std::chrono::steady_clock::now() - begin;
  const Cost priced = lagrangian_bound(model, rest, sums);
  return {with_busiest(model, std::max(sums, priced)), priced > sums ? "Lagrangian" : "aggregate"};
}

} // namespace nemo::optimiser
