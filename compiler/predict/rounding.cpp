#include "compiler/predict/rounding.h"

#include <cmath>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

namespace nemo::predict {

namespace {

std::optional<Rational> power_of_ten(int exponent) {
  Rational::Int power = 1;
  for (int i = 0; i < std::abs(exponent); ++i)
    power *= 10;
  return exponent < 0 ? Rational::make(1, power) : Rational::make(power, 1);
}

} // namespace

std::optional<Rational> four_digits(double value, Towards towards) {
  constexpr double least = 1e-12, most = 1e18;
  if (!std::isfinite(value) || value < 0 || value >= most)
    return std::nullopt;
  if (value < least)
    return value == 0 || towards == Towards::zero ? Rational(0) : power_of_ten(-12);
  const std::string text = fmt::format("{:.12e}", value); // "d.dddddddddddde-dd"
  const size_t e = text.find('e');
  const int64_t digits = std::stoll(text.substr(0, 1) + text.substr(2, e - 2)); // 13 of them
  const int exponent = std::stoi(text.substr(e + 1));
  constexpr int64_t dropped = 1'000'000'000;
  const int64_t kept = digits / dropped + (towards == Towards::infinity && digits % dropped != 0);
  const auto scale = power_of_ten(exponent - 3);
  return scale ? scale->times(Rational(kept)) : std::nullopt;
}

} // namespace nemo::predict
