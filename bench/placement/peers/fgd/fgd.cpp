#include "bench/placement/peers/fgd/fgd.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

namespace nemo::bench {

namespace {

// The commonest kinds of pods that together make up so much of the list.
constexpr double popularity = 0.95;

} // namespace

Fgd::Fgd(const Openb &data, uint64_t seed)
    : model_(data.model), rooms_(data.model), offers_(rooms_, data.model.shapes.size()),
      rank_(data.model.nodes) {
  find_typical(data.pods);
  std::mt19937_64 random(seed);
  std::iota(rank_.begin(), rank_.end(), 0);
  for (size_t i = rank_.size(); i > 1; --i)
    std::swap(rank_[i - 1], rank_[random() % i]);
}

void Fgd::find_typical(const std::vector<uint32_t> &pods) {
  // Memory does not tell kinds of pods apart there.
  std::map<std::vector<int64_t>, Typical> kinds;
  for (uint32_t pod : pods) {
    const auto &shape = model_.shapes[pod];
    auto at = kinds.try_emplace(
        {shape.demand[0], shape.devices.count, shape.devices.share, shape.allowed},
        Typical{pod, 0});
    at.first->second.share += 1 / static_cast<double>(pods.size());
  }
  for (const auto &[key, kind] : kinds)
    typical_.push_back(kind);
  std::stable_sort(typical_.begin(), typical_.end(),
                   [](const Typical &a, const Typical &b) { return a.share > b.share; });
  double sum = 0;
  size_t count = 0;
  while (count < typical_.size() && sum < popularity)
    sum += typical_[count++].share;
  typical_.resize(count);
  for (Typical &typical : typical_)
    typical.share /= sum;
}

double Fgd::fragmentation(const optimiser::Room &room) const {
  const auto idle =
      static_cast<double>(std::accumulate(room.devices.begin(), room.devices.end(), int64_t{0}));
  double out = 0;
  for (const Typical &typical : typical_) {
    const auto &shape = model_.shapes[typical.shape];
    const uint32_t count = shape.devices.count;
    const int64_t share = shape.devices.share;
    double useless = idle;
    if (count > 0 && rooms_.allowed(room.kind, typical.shape) && shape.demand[0] <= room.free[0] &&
        count <= room.devices.size() && room.devices[room.devices.size() - count] >= share) {
      useless = 0;
      for (int64_t left : room.devices)
        if (left < share)
          useless += static_cast<double>(left);
    }
    out += typical.share * useless;
  }
  return out;
}

std::optional<optimiser::Choice> Fgd::choose(uint32_t shape) {
  // Scores are whole numbers from 0 to 100.
  int best = -1;
  uint32_t first = optimiser::nowhere;
  int64_t device = 0;
  for (uint32_t room : rooms_.live()) {
    const optimiser::Offer offer = offers_.of(
        room, shape, [this](const optimiser::Room &left) { return fragmentation(left); },
        [](const optimiser::Room &) { return 0.0; });
    if (offer.loss == optimiser::Offer::impossible)
      continue;
    const int score = static_cast<int>(100 / (1 + std::exp(offer.loss / 1000)));
    if (score < best)
      continue;
    for (uint32_t node : rooms_.nodes(room))
      if (score > best || rank_[node] < rank_[first]) {
        best = score;
        first = node;
        device = offer.device;
      }
  }
  if (best < 0)
    return std::nullopt;
  return rooms_.choice(first, shape, device);
}

} // namespace nemo::bench
