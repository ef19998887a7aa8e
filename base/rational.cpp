// Rationals in lowest terms over __int128. The common case works in 128 bits with overflow checks
// of the compiler; only where an intermediate does not fit is it done again in wide integers, so
// "does not fit" is said of results and never of the way to them.
#include "base/rational.h"

#include <algorithm>
#include <utility>

#include "llvm/ADT/APInt.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallString.h"

namespace nemo {

namespace {

using Int = Rational::Int;
using Unsigned = unsigned __int128;

// One less than the type's own range, so that negation always fits.
constexpr Int int_max = static_cast<Int>(~Unsigned{0} >> 1);
constexpr unsigned wide_bits = 512;
constexpr int decimal_digits = 30;

Unsigned magnitude(Int value) {
  return value < 0 ? ~static_cast<Unsigned>(value) + 1 : static_cast<Unsigned>(value);
}

Unsigned gcd(Unsigned a, Unsigned b) {
  while (b != 0) {
    // Most values are small; 64-bit division is an order of magnitude cheaper.
    if ((a >> 64) == 0 && (b >> 64) == 0) {
      auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
      while (y != 0)
        x = std::exchange(y, x % y);
      return x;
    }
    a = std::exchange(b, a % b);
  }
  return a;
}

bool multiply(Int a, Int b, Int &result) { return !__builtin_mul_overflow(a, b, &result); }

llvm::APInt wide(Int value) {
  const Unsigned bits = magnitude(value);
  const uint64_t words[] = {static_cast<uint64_t>(bits), static_cast<uint64_t>(bits >> 64)};
  llvm::APInt result(wide_bits, llvm::ArrayRef<uint64_t>(words));
  return value < 0 ? -result : result;
}

std::optional<Int> narrow(const llvm::APInt &value) {
  const llvm::APInt bits = value.abs();
  if (bits.getActiveBits() > 127)
    return std::nullopt;
  const uint64_t *words = bits.getRawData();
  const auto result = static_cast<Int>((static_cast<Unsigned>(words[1]) << 64) | words[0]);
  return value.isNegative() ? -result : result;
}

std::optional<Rational> narrow(const llvm::APInt &num, const llvm::APInt &den) {
  if (num.isZero())
    return Rational{};
  const llvm::APInt divisor = llvm::APIntOps::GreatestCommonDivisor(num.abs(), den);
  const auto n = narrow(num.sdiv(divisor)), d = narrow(den.sdiv(divisor));
  if (!n || !d)
    return std::nullopt;
  return Rational::make(*n, *d);
}

std::optional<Int> power_of_ten(int exponent) {
  Int result = 1;
  for (int i = 0; i < exponent; ++i)
    if (!multiply(result, 10, result))
      return std::nullopt;
  return result;
}

std::string digits_of(Unsigned value) {
  std::string text;
  do
    text.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
  while ((value /= 10) != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

std::string integer_text(Int value) { return (value < 0 ? "-" : "") + digits_of(magnitude(value)); }

/// A run of decimal digits, nothing else.
std::optional<Int> parse_digits(llvm::StringRef text) {
  if (text.empty())
    return std::nullopt;
  Int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || !multiply(value, 10, value) ||
        __builtin_add_overflow(value, static_cast<Int>(c - '0'), &value))
      return std::nullopt;
  }
  return value;
}

std::optional<Int> parse_integer(llvm::StringRef text) {
  const bool negative = text.consume_front("-");
  const auto value = parse_digits(text);
  if (!value)
    return std::nullopt;
  return negative ? -*value : *value;
}

std::optional<int64_t> to_int64(Int value) {
  if (value < INT64_MIN || value > INT64_MAX)
    return std::nullopt;
  return static_cast<int64_t>(value);
}

} // namespace

std::optional<Rational> Rational::make(Int num, Int den) {
  if (den == 0)
    return std::nullopt;
  const Unsigned divisor = gcd(magnitude(num), magnitude(den));
  const Unsigned n = magnitude(num) / divisor, d = magnitude(den) / divisor;
  if (n > static_cast<Unsigned>(int_max) || d > static_cast<Unsigned>(int_max))
    return std::nullopt;
  Rational result;
  result.num_ = (num < 0) != (den < 0) ? -static_cast<Int>(n) : static_cast<Int>(n);
  result.den_ = static_cast<Int>(d);
  return result;
}

std::optional<Rational> Rational::parse(llvm::StringRef text) {
  const bool negative = text.consume_front("-");
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const llvm::StringRef whole = text.take_while(is_digit);
  text = text.drop_front(whole.size());
  llvm::StringRef fraction;
  if (text.consume_front(".")) {
    fraction = text.take_while(is_digit);
    text = text.drop_front(fraction.size());
    if (fraction.empty())
      return std::nullopt;
  }
  int exponent = 0;
  if (text.consume_front("e") || text.consume_front("E")) {
    const bool down = text.consume_front("-");
    if (!down)
      text.consume_front("+");
    const auto value = parse_digits(text);
    if (!value || *value > 30)
      return std::nullopt;
    exponent = down ? -static_cast<int>(*value) : static_cast<int>(*value);
    text = {};
  }
  if (!text.empty() || whole.empty())
    return std::nullopt;

  fraction = fraction.rtrim('0');
  if (fraction.size() > 64)
    return std::nullopt;
  const auto mantissa = parse_digits(whole.str() + fraction.str());
  exponent -= static_cast<int>(fraction.size());
  const auto scale = power_of_ten(std::abs(exponent));
  if (!mantissa)
    return std::nullopt;
  if (*mantissa == 0)
    return Rational{};
  if (!scale)
    return std::nullopt;
  Int num = negative ? -*mantissa : *mantissa;
  if (exponent < 0)
    return make(num, *scale);
  if (!multiply(num, *scale, num))
    return std::nullopt;
  return make(num, 1);
}

std::optional<Rational> Rational::from_parts(llvm::StringRef num, llvm::StringRef den) {
  const auto n = parse_integer(num);
  const auto d = den.empty() ? std::optional<Int>(1) : parse_digits(den);
  if (!n || !d)
    return std::nullopt;
  return make(*n, *d);
}

std::optional<Rational> Rational::plus(const Rational &other) const {
  const auto divisor = static_cast<Int>(gcd(magnitude(den_), magnitude(other.den_)));
  Int left, right, num, den;
  if (multiply(num_, other.den_ / divisor, left) && multiply(other.num_, den_ / divisor, right) &&
      !__builtin_add_overflow(left, right, &num) && multiply(den_, other.den_ / divisor, den))
    return make(num, den);
  return narrow(wide(num_) * wide(other.den_) + wide(other.num_) * wide(den_),
                wide(den_) * wide(other.den_));
}

std::optional<Rational> Rational::minus(const Rational &other) const {
  return plus(other.negated());
}

std::optional<Rational> Rational::times(const Rational &other) const {
  if (num_ == 0 || other.num_ == 0)
    return Rational{};
  // Reduced crosswise first, the products are in lowest terms: they overflow only if the result
  // does.
  const auto a = static_cast<Int>(gcd(magnitude(num_), magnitude(other.den_)));
  const auto b = static_cast<Int>(gcd(magnitude(other.num_), magnitude(den_)));
  Int num, den;
  if (!multiply(num_ / a, other.num_ / b, num) || !multiply(den_ / b, other.den_ / a, den))
    return std::nullopt;
  return make(num, den);
}

std::optional<Rational> Rational::over(const Rational &other) const {
  if (other.num_ == 0)
    return std::nullopt;
  Rational inverse;
  inverse.num_ = other.num_ < 0 ? -other.den_ : other.den_;
  inverse.den_ = other.num_ < 0 ? -other.num_ : other.num_;
  return times(inverse);
}

Rational Rational::negated() const {
  Rational result = *this;
  result.num_ = -num_;
  return result;
}

std::strong_ordering Rational::operator<=>(const Rational &other) const {
  if (den_ == other.den_)
    return num_ <=> other.num_;
  Int left, right;
  if (multiply(num_, other.den_, left) && multiply(other.num_, den_, right))
    return left <=> right;
  const llvm::APInt a = wide(num_) * wide(other.den_), b = wide(other.num_) * wide(den_);
  if (a == b)
    return std::strong_ordering::equal;
  return a.slt(b) ? std::strong_ordering::less : std::strong_ordering::greater;
}

std::optional<int64_t> Rational::floor() const {
  const Int quotient = num_ / den_;
  return to_int64(num_ % den_ < 0 ? quotient - 1 : quotient);
}

std::optional<int64_t> Rational::ceil() const {
  const Int quotient = num_ / den_;
  return to_int64(num_ % den_ > 0 ? quotient + 1 : quotient);
}

std::optional<int64_t> Rational::nearest() const {
  const Int quotient = num_ / den_;
  const Unsigned rest = magnitude(num_ % den_);
  if (rest >= magnitude(den_) - rest)
    return to_int64(num_ < 0 ? quotient - 1 : quotient + 1);
  return to_int64(quotient);
}

double Rational::to_double() const {
  return static_cast<double>(static_cast<long double>(num_) / static_cast<long double>(den_));
}

std::string Rational::num_text() const { return integer_text(num_); }

std::string Rational::den_text() const { return den_ == 1 ? "" : integer_text(den_); }

std::string Rational::to_string() const {
  if (den_ == 1)
    return integer_text(num_);
  Int rest = den_;
  int twos = 0, fives = 0;
  for (; rest % 2 == 0; rest /= 2)
    ++twos;
  for (; rest % 5 == 0; rest /= 5)
    ++fives;
  const int places = std::max(twos, fives);
  if (rest != 1 || places > decimal_digits)
    return integer_text(num_) + "/" + integer_text(den_);
  const Unsigned value = magnitude(num_), den = magnitude(den_);
  std::string text = (num_ < 0 ? "-" : "") + digits_of(value / den) + ".";
  // den divides 10^30, so ten times a remainder fits.
  Unsigned remainder = value % den;
  for (int i = 0; i < places; ++i) {
    remainder *= 10;
    text.push_back(static_cast<char>('0' + static_cast<int>(remainder / den)));
    remainder %= den;
  }
  return text;
}

std::string Rational::to_human(int digits) const {
  if (num_ == 0)
    return "0";
  digits = std::clamp(digits, 1, decimal_digits);
  const llvm::APInt num = wide(num_).abs(), den = wide(den_), ten(wide_bits, 10);
  // 10^exponent <= |value| < 10^(exponent + 1)
  int exponent = 0;
  llvm::APInt low = den, scaled = num;
  while (scaled.uge(low * ten)) {
    low *= ten;
    ++exponent;
  }
  while (scaled.ult(low)) {
    scaled *= ten;
    --exponent;
  }
  for (int i = 1; i < digits; ++i)
    scaled *= ten;
  llvm::APInt kept = scaled.udiv(low);
  if ((scaled.urem(low) * llvm::APInt(wide_bits, 2)).uge(low))
    ++kept;
  llvm::SmallString<64> significant;
  kept.toStringUnsigned(significant);
  std::string text = significant.str().str();
  if (static_cast<int>(text.size()) > digits)
    ++exponent; // 9.999 became 10.00
  text = llvm::StringRef(text).rtrim('0').str();

  const std::string sign = num_ < 0 ? "-" : "";
  const int length = static_cast<int>(text.size());
  if (exponent < -6 || exponent > 20) {
    std::string mantissa = text.substr(0, 1);
    if (length > 1)
      mantissa += "." + text.substr(1);
    return sign + mantissa + "e" + std::to_string(exponent);
  }
  if (exponent < 0)
    return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + text;
  if (exponent + 1 >= length)
    return sign + text + std::string(static_cast<size_t>(exponent + 1 - length), '0');
  return sign + text.substr(0, static_cast<size_t>(exponent) + 1) + "." +
         text.substr(static_cast<size_t>(exponent) + 1);
}

} // namespace nemo
