#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "compiler/predict/rounding.h"

using nemo::Rational;
using namespace nemo::predict;

namespace {

std::string up(double value) {
  const auto result = four_digits(value, Towards::infinity);
  return result ? result->to_string() : "none";
}
std::string down(double value) {
  const auto result = four_digits(value, Towards::zero);
  return result ? result->to_string() : "none";
}

} // namespace

TEST_CASE("four digits, away from what is computed") {
  CHECK(up(0.0123456) == "0.01235");
  CHECK(down(0.0123456) == "0.01234");
  CHECK(up(9999.5) == "10000");
  CHECK(down(9999.5) == "9999");
  CHECK(up(123456) == "123500");
  CHECK(down(123456) == "123400");
}

TEST_CASE("the error of a computation is not rounded up") {
  CHECK(up(1 - 0.999) == "0.001");
  CHECK(down(1 - 0.999) == "0.001");
  CHECK(up(0.1 + 0.2) == "0.3");
  CHECK(down(0.3 - 1e-16) == "0.3");
}

TEST_CASE("what is beyond the digits") {
  CHECK(up(0) == "0");
  CHECK(down(1e-13) == "0");
  CHECK(up(1e-13) == "0.000000000001");
  CHECK(up(std::numeric_limits<double>::infinity()) == "none");
  CHECK(up(std::nan("")) == "none");
  CHECK(up(-1) == "none");
  CHECK(up(1e18) == "none");
  CHECK(up(9.99e17) == "999000000000000000");
}
