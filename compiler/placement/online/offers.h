// What it would cost each room to take a shape. The part that depends on the room alone is computed
// once for each pair; the part that moves with the market again whenever that has moved.
#pragma once

#include <limits>

#include "compiler/placement/online/rooms.h"
#include "llvm/ADT/SmallVector.h"

namespace nemo::optimiser {

/// The cheapest way to take a shape.
struct Offer {
  static constexpr double impossible = std::numeric_limits<double>::infinity();
  double loss = impossible; ///< by how much the two potentials grow
  int64_t device = 0;       ///< as Rooms::ways() names it
};

class Offers {
public:
  using Potential = llvm::function_ref<double(const Room &)>;

  Offers(const Rooms &rooms, size_t shapes) : rooms_(rooms), shapes_(shapes) {}

  /// \param steady  a potential that is the same for the same room at every call.
  /// \param moving  one that is the same between two calls of `moved`.
  Offer of(uint32_t room, uint32_t shape, Potential steady, Potential moving);
  void moved() { ++era_; }

private:
  struct Pair {
    Offer best;
    uint64_t era = 0;                    ///< of `best`
    llvm::SmallVector<double, 2> steady; ///< after each way
  };
  struct Known {
    uint64_t generation = 0, era = 0;
    double steady = 0, moving = 0;
    std::vector<Pair> pairs; ///< by shape
  };
  const Rooms &rooms_;
  const size_t shapes_;
  uint64_t era_ = 1;
  std::vector<Known> known_; ///< by room
};

} // namespace nemo::optimiser
