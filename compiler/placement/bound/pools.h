// Sets of nodes that some replicas cannot leave, and what those have to find room for there.
#pragma once

#include <algorithm>
#include <numeric>

#include "compiler/placement/model/model.h"

namespace nemo::optimiser {

struct Pools {
  /// Bit sets of nodes; the first holds all of them.
  std::vector<std::vector<uint64_t>> nodes;
  /// [pool][resource], after the resources one of devices: of the replicas that must be placed and
  /// may be nowhere else. Devices count as shares.
  std::vector<std::vector<__int128>> demand;

  bool has(size_t pool, size_t node) const { return nodes[pool][node / 64] >> node % 64 & 1; }

  template <class Visit> void for_each_node(size_t pool, Visit visit) const {
    for (size_t word = 0; word < nodes[pool].size(); ++word)
      for (uint64_t bits = nodes[pool][word]; bits != 0; bits &= bits - 1)
        visit(word * 64 + static_cast<size_t>(__builtin_ctzll(bits)));
  }

  bool disjoint(size_t a, size_t b) const {
    for (size_t word = 0; word < nodes[a].size(); ++word)
      if (nodes[a][word] & nodes[b][word])
        return false;
    return true;
  }

  /// What all nodes come to at least, when each pool does: values of disjoint pools add up, and the
  /// dearest are taken first.
  template <class Value> __int128 most(Value value) const {
    std::vector<__int128> values;
    for (size_t pool = 0; pool < nodes.size(); ++pool)
      values.push_back(value(pool));
    std::vector<size_t> order(nodes.size()), taken;
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return values[a] > values[b]; });
    // The first pool meets all others.
    __int128 sum = 0;
    for (size_t pool : order)
      if (pool != 0 && std::all_of(taken.begin(), taken.end(),
                                   [&](size_t other) { return disjoint(pool, other); })) {
        taken.push_back(pool);
        sum += values[pool];
      }
    return std::max(sum, values.front());
  }
};

/// All nodes, and the node sets in which most demand is caught.
Pools find_pools(const Model &model);

} // namespace nemo::optimiser
