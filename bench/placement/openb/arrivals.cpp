#include "bench/placement/openb/arrivals.h"

#include <random>

namespace nemo::bench {

int64_t requested(const optimiser::Shape &shape) {
  return shape.devices.count * shape.devices.share;
}

int64_t gpu_capacity(const optimiser::Model &model) {
  int64_t sum = 0;
  for (const auto &device : model.devices)
    sum += device.capacity;
  return sum;
}

std::vector<uint32_t> arrivals(const Openb &data, int64_t percent, uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto &shapes = data.model.shapes;
  const int64_t target = gpu_capacity(data.model) / 100 * percent;
  std::vector<uint32_t> stream = data.pods;
  for (size_t i = stream.size(); i > 1; --i)
    std::swap(stream[i - 1], stream[random() % i]);
  int64_t sum = 0;
  for (uint32_t shape : stream)
    sum += requested(shapes[shape]);
  if (sum == 0)
    return stream;
  while (sum > target) {
    const auto at = stream.begin() + static_cast<std::ptrdiff_t>(random() % stream.size());
    sum -= requested(shapes[*at]);
    stream.erase(at);
  }
  for (;;) {
    const uint32_t shape = data.pods[random() % data.pods.size()];
    if (sum + requested(shapes[shape]) > target)
      return stream;
    sum += requested(shapes[shape]);
    stream.push_back(shape);
  }
}

} // namespace nemo::bench
