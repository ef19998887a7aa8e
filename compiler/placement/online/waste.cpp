#include "compiler/placement/online/waste.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "llvm/ADT/SmallVector.h"

namespace nemo::optimiser {

namespace {

constexpr size_t samples = 24;
/// As much of what is idle is offered in each sample: a room can choose, but not for ever.
constexpr int64_t offered_times = 4;
/// Bounds a sample where shapes are minute beside devices.
constexpr size_t most_offered = 512;
/// Of what the next shape cannot use, beside what is never used: tells rooms apart whose samples
/// end alike.
constexpr double weight_now = 0.1;

int64_t sum(llvm::ArrayRef<int64_t> amounts) {
  return std::accumulate(amounts.begin(), amounts.end(), int64_t{0});
}

/// A shape's number, drawn by shares that were summed up.
uint32_t draw(const std::vector<std::pair<double, uint32_t>> &upto, std::mt19937_64 &random) {
  const double at = static_cast<double>(random() >> 11) * 0x1p-53 * upto.back().first;
  const auto found = std::upper_bound(upto.begin(), upto.end() - 1, at,
                                      [](double x, const auto &entry) { return x < entry.first; });
  return found->second;
}

} // namespace

Waste::Waste(const Model &model, const Rooms &rooms, const std::vector<double> &share)
    : model_(model), rooms_(rooms), samples_(rooms.kinds()) {
  double total = 0;
  for (uint32_t shape = 0; shape < model.shapes.size(); ++shape)
    if (share[shape] > 0) {
      expected_.emplace_back(shape, share[shape]);
      total += share[shape];
    }
  for (auto &[shape, part] : expected_)
    part /= total;
  for (uint32_t room : rooms.live()) {
    const uint32_t kind = rooms[room].kind;
    std::vector<std::pair<double, uint32_t>> upto;
    for (const auto &[shape, part] : expected_)
      if (rooms.fits(rooms[room], shape))
        upto.emplace_back((upto.empty() ? 0 : upto.back().first) + part, shape);
    if (upto.empty())
      continue;
    std::mt19937_64 random(kind);
    for (size_t sample = 0; sample < samples; ++sample) {
      std::vector<uint32_t> offered;
      const int64_t enough = offered_times * sum(rooms[room].devices);
      for (int64_t asked = 0; asked < enough && offered.size() < most_offered;) {
        offered.push_back(draw(upto, random));
        const DeviceDemand &devices = model.shapes[offered.back()].devices;
        asked += devices.count * devices.share;
      }
      samples_[kind].push_back(std::move(offered));
    }
  }
}

double Waste::leftover(const Room &room, const std::vector<uint32_t> &offered) const {
  llvm::SmallVector<int64_t, 4> free(room.free.begin(), room.free.end());
  llvm::SmallVector<int64_t, 16> left(room.devices.begin(), room.devices.end());
  int64_t idle = sum(left), asked = 0;
  const int64_t enough = offered_times * idle;
  for (uint32_t index : offered) {
    if (asked >= enough || idle == 0)
      break;
    const Shape &shape = model_.shapes[index];
    const uint32_t count = shape.devices.count;
    const int64_t share = shape.devices.share;
    asked += count * share;
    bool fits = true;
    for (size_t d = 0; d < free.size(); ++d)
      fits &= shape.demand[d] <= free[d];
    // `left` stays sorted, the fullest first.
    const auto first =
        static_cast<size_t>(std::lower_bound(left.begin(), left.end(), share) - left.begin());
    if (!fits || first + count > left.size())
      continue;
    for (size_t d = 0; d < free.size(); ++d)
      free[d] -= shape.demand[d];
    for (size_t i = first; i < first + count; ++i) {
      left[i] -= share;
      for (size_t at = i; at > 0 && left[at - 1] > left[at]; --at)
        std::swap(left[at - 1], left[at]);
    }
    idle -= count * share;
  }
  return static_cast<double>(idle);
}

double Waste::useless_now(const Room &room) const {
  const auto idle = static_cast<double>(sum(room.devices));
  double out = 0;
  for (const auto &[shape, part] : expected_) {
    if (model_.shapes[shape].devices.count == 0)
      continue;
    double useless = idle;
    if (rooms_.fits(room, shape)) {
      useless = 0;
      for (int64_t left : room.devices)
        if (left < model_.shapes[shape].devices.share)
          useless += static_cast<double>(left);
    }
    out += part * useless;
  }
  return out;
}

double Waste::operator()(const Room &room) const {
  if (sum(room.devices) == 0)
    return 0;
  const auto &all = samples_[room.kind];
  if (all.empty())
    return static_cast<double>(sum(room.devices));
  double left = 0;
  for (const auto &offered : all)
    left += leftover(room, offered);
  return left / static_cast<double>(all.size()) + weight_now * useless_now(room);
}

} // namespace nemo::optimiser
