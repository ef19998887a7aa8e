#include "compiler/placement/online/offers.h"

namespace nemo::optimiser {

Offer Offers::of(uint32_t index, uint32_t shape, Potential steady, Potential moving) {
  if (known_.size() < rooms_.size())
    known_.resize(rooms_.size());
  Known &known = known_[index];
  const Room &room = rooms_[index];
  if (known.generation != rooms_.generation(index)) {
    known = {rooms_.generation(index), 0, steady(room), 0, {}};
    known.pairs.resize(shapes_);
  }
  Pair &pair = known.pairs[shape];
  if (pair.era == era_)
    return pair.best;
  if (known.era != era_) {
    known.era = era_;
    known.moving = moving(room);
  }
  const bool first = pair.era == 0;
  pair.era = era_;
  pair.best = {};
  if (!rooms_.fits(room, shape))
    return pair.best;
  size_t way = 0;
  rooms_.ways(room, shape, [&](const Room &after, int64_t device) {
    if (first)
      pair.steady.push_back(steady(after));
    const double loss = pair.steady[way++] - known.steady + moving(after) - known.moving;
    if (loss < pair.best.loss)
      pair.best = {loss, device};
  });
  return pair.best;
}

} // namespace nemo::optimiser
