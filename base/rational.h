// Exact rational numbers of at most 128 bits. Every operation that would not fit says so instead of
// rounding.
#pragma once

#include <compare>
#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"

namespace nemo {

class Rational {
public:
  using Int = __int128;

  constexpr Rational() = default;
  constexpr Rational(int64_t whole) : num_(whole) {} // implicit: integers are rationals
  /// Reduced to lowest terms, sign in the numerator; nullopt when `den` is 0 or the result does not
  /// fit.
  static std::optional<Rational> make(Int num, Int den);
  /// Decimal text: "1.5", "2e-6", "-3"; nullopt for other text, exponents beyond +-30, or overflow.
  static std::optional<Rational> parse(llvm::StringRef text);
  /// From the two fields of proto::Quantity (`den` may be empty).
  static std::optional<Rational> from_parts(llvm::StringRef num, llvm::StringRef den);

  Int num() const { return num_; }
  Int den() const { return den_; }
  bool is_zero() const { return num_ == 0; }
  bool is_integer() const { return den_ == 1; }
  int sign() const { return num_ < 0 ? -1 : num_ > 0; }

  std::optional<Rational> plus(const Rational &other) const;
  std::optional<Rational> minus(const Rational &other) const;
  std::optional<Rational> times(const Rational &other) const;
  std::optional<Rational> over(const Rational &other) const; ///< nullopt also for division by zero
  Rational negated() const;

  /// Exact, also where cross products need more than 128 bits.
  std::strong_ordering operator<=>(const Rational &other) const;
  bool operator==(const Rational &other) const { return num_ == other.num_ && den_ == other.den_; }

  /// Rounded towards minus infinity / plus infinity / nearest (half away from zero); nullopt
  /// outside int64.
  std::optional<int64_t> floor() const;
  std::optional<int64_t> ceil() const;
  std::optional<int64_t> nearest() const;
  double to_double() const;

  std::string num_text() const;
  std::string den_text() const; ///< empty when 1
  /// Shortest decimal when it is finite within 30 digits, else "num/den".
  std::string to_string() const;
  /// Decimal rounded half away from zero to at most `digits` significant digits, trailing zeros
  /// dropped, "1.2e-9" below 1e-6 and from 1e21: for people.
  std::string to_human(int digits = 4) const;

private:
  Int num_ = 0;
  Int den_ = 1;
};

} // namespace nemo
