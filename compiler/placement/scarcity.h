// What room on a node is worth: prices at which no replica would go where there is no room, and so
// a proof of what no placement can cost less than.
// Source: Fisher (1981), "The Lagrangian relaxation method for solving integer programming
// problems"; steps after Polyak (1969).
#pragma once

#include <map>
#include <optional>

#include "compiler/placement/state.h"

namespace nemo::placement {

struct Scarcity {
  std::vector<Scarce> rooms; ///< by node, then resource
  int64_t bound = INT64_MIN; ///< what they prove but for rounding, 1e-9 per hour
};

/// \param state  everybody placed
/// \param steps  pairs of a kind of replica and a node that may be looked at
/// \returns nothing where a cost is not known.
Scarcity scarcity(const State &state, uint64_t steps);

/// How many of its replicas are in different domains for the bound; at most 1: it heeds none. Where
/// replicas that stay are in some of them, that is left out.
inline uint32_t apart(const Need &need) {
  return need.held_domains.empty() ? least_domains(need) : 0;
}

/// The least that replicas cost together of which some are in different domains.
class Apart {
public:
  void offer(uint32_t domain, __int128 cost) {
    const auto [known, fresh] = least_.try_emplace(domain, cost);
    if (!fresh && cost < known->second)
      known->second = cost;
  }
  /// Of `count` replicas in `apart` domains at least; none where there are fewer.
  std::optional<__int128> sum(uint32_t count, uint32_t apart) const;

private:
  std::map<uint32_t, __int128> least_;
};

} // namespace nemo::placement
