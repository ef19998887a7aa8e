// Which nodes form a cluster: the cheapest that are enough, with controllers close to each other.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "llvm/ADT/STLFunctionalExtras.h"

namespace nemo::cluster {

/// Processor (millicores), memory and disk (bytes), GPU (thousandths).
constexpr size_t amount_count = 4;
using Amounts = std::array<int64_t, amount_count>;

struct Candidate {
  int64_t cost = 0; ///< of the whole node, 1e-6 of the objective per hour; not negative
  Amounts has{};
  uint32_t domain = 0; ///< that controllers are spread over
};

struct Wanted {
  uint32_t least = 1, most = 1; ///< nodes
  uint32_t controllers = 1;     ///< of them; at most `least`
  bool spread = false;          ///< controllers are in different domains
  Amounts capacity{};           ///< of all of them together
  /// Whether what is to run there has room on these nodes.
  llvm::function_ref<bool(const std::vector<uint32_t> &nodes)> holds;
  /// Whether two may both be controllers; symmetric.
  llvm::function_ref<bool(uint32_t a, uint32_t b)> close;
};

struct Choice {
  std::vector<uint32_t> nodes, controllers; ///< indices of candidates, in order; none: see below
  std::string lacks;                        ///< why there is none, in words
  bool proved = false;                      ///< that there can be none
};

/// Controllers are cliques of the relation `close`, grown from the cheapest candidates; each is
/// filled up by what brings most of what is missing for its cost, and then bettered by leaving out
/// and exchanging nodes. Deterministic. That no clique exists is proved by trying all, up to a
/// limit of steps.
Choice choose(const std::vector<Candidate> &candidates, const Wanted &wanted);

} // namespace nemo::cluster
