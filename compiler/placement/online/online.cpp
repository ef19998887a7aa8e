#include "compiler/placement/online/online.h"

#include <cmath>
#include <numeric>

namespace nemo::optimiser {

namespace {

/// Of a device: finer differences are noise of the samples, and packing the first nodes is better.
constexpr double tolerance = 0.02;

std::vector<double> normalised(std::vector<double> share) {
  const double total = std::accumulate(share.begin(), share.end(), 0.0);
  for (double &part : share)
    part = total > 0 ? part / total : 0;
  return share;
}

double devices_of(const Shape &shape) {
  return static_cast<double>(shape.devices.count * shape.devices.share);
}

} // namespace

Online::Online(const Model &model, const std::vector<double> &share)
    : model_(model), rooms_(model), waste_(model, rooms_, share),
      scarcity_(model, rooms_, normalised(share)), offers_(rooms_, model.shapes.size()) {
  const std::vector<double> parts = normalised(share);
  for (size_t shape = 0; shape < parts.size(); ++shape)
    mean_ += parts[shape] * devices_of(model.shapes[shape]);
  for (const Device &device : model.devices)
    idle_ += static_cast<double>(device.capacity);
  if (!model.devices.empty())
    tolerance_ = tolerance * idle_ / static_cast<double>(model.devices.size());
  reprice();
}

void Online::reprice() {
  if (mean_ > 0 && scarcity_.reprice(idle_ / mean_))
    offers_.moved();
}

std::optional<Choice> Online::choose(uint32_t shape) {
  double least = Offer::impossible;
  uint32_t node = nowhere;
  int64_t device = 0;
  for (uint32_t room : rooms_.live()) {
    const Offer offer = offers_.of(
        room, shape, [this](const Room &left) { return waste_(left); },
        [this](const Room &left) { return -scarcity_(left); });
    if (offer.loss == Offer::impossible)
      continue;
    const double loss = tolerance_ > 0 ? std::floor(offer.loss / tolerance_) : 0;
    const uint32_t first = *rooms_.nodes(room).begin();
    if (loss < least || (loss == least && first < node)) {
      least = loss;
      node = first;
      device = offer.device;
    }
  }
  if (node == nowhere)
    return std::nullopt;
  return rooms_.choice(node, shape, device);
}

void Online::take(uint32_t shape, const Choice &choice) {
  scarcity_.count(rooms_.of(choice.node), -1);
  rooms_.take(shape, choice);
  scarcity_.count(rooms_.of(choice.node), 1);
  idle_ -= devices_of(model_.shapes[shape]);
  reprice();
}

} // namespace nemo::optimiser
