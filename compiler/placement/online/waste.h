// How much of a room's devices will stay idle. A room is filled again and again with shapes drawn
// as they are expected, each taken where it fits best and let go where it does not fit, until a
// multiple of what is idle has been offered; what is left over in the mean is its waste. So a room
// whose devices outlast its other resources, or whose leftovers nothing fits, is seen to be bad
// long before the next shape fails, which is where a measure that looks one shape ahead begins to
// see it.
#pragma once

#include "compiler/placement/online/rooms.h"

namespace nemo::optimiser {

class Waste {
public:
  /// \param share  of arrivals, by shape. Shapes without devices take their part of the rest.
  Waste(const Model &model, const Rooms &rooms, const std::vector<double> &share);

  /// In the unit of the devices' capacity; the same for the same room.
  double operator()(const Room &room) const;

private:
  double leftover(const Room &room, const std::vector<uint32_t> &offered) const;
  double useless_now(const Room &room) const;

  const Model &model_;
  const Rooms &rooms_;
  std::vector<std::vector<std::vector<uint32_t>>> samples_; ///< [kind][sample]: shapes
  std::vector<std::pair<uint32_t, double>> expected_;       ///< shapes, shares
};

} // namespace nemo::optimiser
