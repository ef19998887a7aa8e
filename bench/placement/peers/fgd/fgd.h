// Fragmentation gradient descent, the peer: a pod goes where the part of the idle GPUs that the
// trace's typical pods could not use grows least. After Weng et al., "Beware of Fragmentation:
// Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent", USENIX ATC 2023, with the
// parameters of its published runs.
#pragma once

#include <optional>
#include <random>

#include "bench/placement/input/openb.h"
#include "compiler/placement/online/offers.h"

namespace nemo::bench {

class Fgd {
public:
  /// \param data  of which the typical pods are taken; outlives this.
  Fgd(const Openb &data, uint64_t seed);

  std::optional<optimiser::Choice> choose(uint32_t shape);
  void take(uint32_t shape, const optimiser::Choice &choice) { rooms_.take(shape, choice); }

private:
  struct Typical {
    uint32_t shape;
    double share;
  };
  double fragmentation(const optimiser::Room &room) const;

  const optimiser::Model &model_;
  std::vector<Typical> typical_;
  optimiser::Rooms rooms_;
  optimiser::Offers offers_;
  std::mt19937_64 random_;
  std::vector<uint32_t> rank_;
};

} // namespace nemo::bench
