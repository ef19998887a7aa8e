// Fragmentation gradient descent, the peer: a pod goes where the part of the idle GPUs that the
// trace's typical pods could not use grows least. After Weng et al., "Beware of Fragmentation:
// Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023, with the
// parameters of its published runs.
#pragma once

#include <optional>

#include "bench/placement/input/openb.h"
#include "compiler/placement/online/offers.h"

namespace nemo::bench {

class Fgd {
public:
  /// \param data  of which the typical pods are taken; outlives this.
  /// \param seed  of the order of nodes, which is drawn for each run as in the published ones.
  Fgd(const Openb &data, uint64_t seed);

  std::optional<optimiser::Choice> choose(uint32_t shape);
  void take(uint32_t shape, const optimiser::Choice &choice) { rooms_.take(shape, choice); }

private:
  struct Typical {
    uint32_t shape;
    double share;
  };
  void find_typical(const std::vector<uint32_t> &pods);
  double fragmentation(const optimiser::Room &room) const;

  const optimiser::Model &model_;
  std::vector<Typical> typical_;
  optimiser::Rooms rooms_;
  optimiser::Offers offers_;
  std::vector<uint32_t> rank_; ///< of nodes: among equal scores the lowest is taken
};

} // namespace nemo::bench
