// The least that any placement costs: where those that could cost less than a known one are few,
// looking at them all is the bound that leaves no gap.
// Source: Land & Doig (1960), "An automatic method of solving discrete programming problems".
#pragma once

#include <functional>
#include <optional>

#include "compiler/placement/place.h"

namespace nemo::placement {

/// What a placement costs, as it is printed: 1e-6 of the objective's unit per hour.
struct Terms {
  std::function<std::optional<int64_t>(size_t need, size_t node)> own; ///< none: not known
  std::vector<int64_t> awake; ///< by node, of keeping it awake; at least nothing
  /// What else a whole placement costs, at least nothing; empty: nothing.
  std::function<std::optional<int64_t>(const std::vector<NodeId> &)> whole;
  std::function<bool(const std::vector<NodeId> &)> accepts; ///< empty: every one that fits
  /// By replica, what it costs where it is, if it stays there whatever is saved.
  std::vector<std::optional<int64_t>> held;
};

/// What may be changed of a placement that is known, and how long is looked.
struct Within {
  const Assignment &known;       ///< with prices of room, which help
  int64_t cost = 0;              ///< of it
  std::optional<uint64_t> moves; ///< replicas that may be elsewhere than at home
  uint64_t steps = 100'000;      ///< pairs of a replica and a node that may be tried
};

constexpr size_t most_of_few = 64; ///< replicas; of more, placements are never few enough

struct Least {
  int64_t cost = 0;
  std::vector<NodeId> nodes; ///< of one that costs that; empty: the known one does
  bool priced = false;       ///< the prices of room were needed
};

/// \returns nothing where the steps do not suffice, a cost is not known, nodes are over-committed,
///          or anybody asks for devices.
std::optional<Least> least_of_all(const Problem &problem, const Terms &terms, const Within &within);

} // namespace nemo::placement
