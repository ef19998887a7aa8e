// Many measurements of one thing, as the figures that are promised of them.
#pragma once

#include <vector>

namespace nemo::bench {

/// The smallest sample that `percent` of the samples do not exceed (nearest rank); 0 without
/// samples.
double percentile(std::vector<double> samples, double percent);

inline double median(std::vector<double> samples) { return percentile(std::move(samples), 50); }

/// The exponent of `y = a * x^b` through two points: 1 is linear.
double growth(double x1, double y1, double x2, double y2);

} // namespace nemo::bench
