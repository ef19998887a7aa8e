#include "compiler/predict/availability.h"

#include <algorithm>

namespace nemo::predict {

namespace {

/// Chance of exactly j up, for j below the number that is needed.
using Counts = std::vector<double>;

/// Adds a group that has `part[j]` of exactly j up, independent of what is counted so far.
void convolve(Counts &counts, const Counts &part, uint32_t needed) {
  Counts sum(std::min<size_t>(needed, counts.size() + part.size() - 1));
  for (size_t i = 0; i < counts.size(); ++i)
    for (size_t j = 0; j < part.size() && i + j < sum.size(); ++j)
      sum[i + j] += counts[i] * part[j];
  counts = std::move(sum);
}

/// A host in place, from the top, so that each state is read before it is written.
void add(Counts &counts, const Host &host, uint32_t needed) {
  const size_t known = counts.size();
  counts.resize(std::min<size_t>(needed, known + host.replicas));
  for (size_t j = counts.size(); j-- > 0;) {
    const double down = j < known ? counts[j] * host.unavailability : 0;
    const bool reached = j >= host.replicas && j - host.replicas < known;
    counts[j] = down + (reached ? counts[j - host.replicas] * (1 - host.unavailability) : 0);
  }
}

} // namespace

double unavailability(llvm::ArrayRef<Site> sites, uint32_t needed) {
  if (needed == 0)
    return 0;
  Counts counts{1};
  for (const Site &site : sites) {
    Counts up{1};
    for (const Host &host : site.hosts)
      if (host.replicas != 0)
        add(up, host, needed);
    for (double &chance : up)
      chance *= 1 - site.unavailability;
    up[0] += site.unavailability;
    convolve(counts, up, needed);
  }
  double sum = 0;
  for (const double chance : counts)
    sum += chance;
  return std::min(sum, 1.0);
}

Bounds all_needed(llvm::ArrayRef<double> unavailabilities) {
  Bounds bounds;
  for (const double down : unavailabilities) {
    bounds.low = std::max(bounds.low, down);
    bounds.high += down * (1 - bounds.high);
  }
  return bounds;
}

Awake awake(llvm::ArrayRef<double> shares) {
  Awake result;
  double asleep = 0, sum = 0;
  for (const double share : shares) {
    asleep += 1 - share;
    sum += share;
  }
  result.all = std::max(0.0, 1 - asleep);
  result.any = shares.empty() ? 1 : std::min(1.0, sum);
  return result;
}

double in_part(double awake, double asleep, double share) {
  return awake * share + asleep * (1 - share);
}

} // namespace nemo::predict
