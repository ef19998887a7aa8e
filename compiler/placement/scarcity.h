// What room on a node is worth: prices at which no replica would go where there is no room, and so
// a proof of what no placement can cost less than.
// Source: Fisher (1981), "The Lagrangian relaxation method for solving integer programming
// problems"; steps after Polyak (1969).
#pragma once

#include "compiler/placement/place.h"
#include "compiler/placement/state.h"

namespace nemo::placement {

/// Of prices: 2^-40 of 1e-6 of the objective's unit per hour, for a unit of the resource.
constexpr int price_bits = 40;

/// Room that somebody would pay for.
struct Scarce {
  uint32_t node = 0, resource = 0;
  int64_t price = 0; ///< positive, at most most_scarcity
};
constexpr int64_t most_scarcity = int64_t{1} << 46;

/// \param state  everybody placed
/// \param steps  pairs of a kind of replica and a node that may be looked at
/// \returns by node, then resource; nothing where everybody is at its cheapest already.
std::vector<Scarce> scarcities(const State &state, uint64_t steps);

/// The least that `count` replicas cost together in different domains.
class Apart {
public:
  void offer(uint32_t domain, __int128 cost) {
    const auto [known, fresh] = least_.try_emplace(domain, cost);
    if (!fresh && cost < known->second)
      known->second = cost;
  }
  /// None where there are fewer domains.
  std::optional<__int128> sum(uint32_t count) const;

private:
  std::map<uint32_t, __int128> least_;
};

} // namespace nemo::placement
