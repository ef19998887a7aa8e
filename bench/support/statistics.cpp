#include "bench/support/statistics.h"

#include <algorithm>
#include <cmath>

namespace nemo::bench {

double percentile(std::vector<double> samples, double percent) {
  if (samples.empty())
    return 0;
  std::sort(samples.begin(), samples.end());
  const double rank = std::ceil(percent / 100 * static_cast<double>(samples.size()));
  return samples[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

double growth(double x1, double y1, double x2, double y2) {
  return std::log(y2 / y1) / std::log(x2 / x1);
}

} // namespace nemo::bench
