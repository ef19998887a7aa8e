// Where a model is transcendental or sums many terms, its figure is a double. It becomes exact
// again by rounding to four significant digits, so that what is printed, compared and embedded is
// one number.
#pragma once

#include <optional>

#include "base/rational.h"

namespace nemo::predict {

enum class Towards { zero, infinity };

/// Of a finite value >= 0. What differs from four digits by less than 1e-12 of itself has only the
/// error of the computation, and is those four digits. Below 1e-12 it is 0 or 1e-12; nullopt from
/// 1e18.
std::optional<Rational> four_digits(double value, Towards towards);

} // namespace nemo::predict
