// Rationals: against known values, against __int128, and by the laws of arithmetic.
#include <catch2/catch.hpp>

#include <random>
#include <vector>

#include "base/rational.h"

using nemo::Rational;

namespace {

Rational parse(const char *text) {
  const auto value = Rational::parse(text);
  REQUIRE(value);
  return *value;
}

Rational make(Rational::Int num, Rational::Int den) {
  const auto value = Rational::make(num, den);
  REQUIRE(value);
  return *value;
}

constexpr Rational::Int largest = ~(static_cast<Rational::Int>(1) << 127);

/// Numbers of every size, most of them reducible.
class Numbers {
public:
  explicit Numbers(unsigned seed) : random_(seed) {}
  Rational::Int integer(int bits) {
    unsigned __int128 value = (static_cast<unsigned __int128>(random_()) << 64) | random_();
    value >>= 128 - static_cast<int>(random_() % static_cast<unsigned>(bits) + 1);
    const auto number = static_cast<Rational::Int>(value);
    return random_() % 2 == 0 ? number : -number;
  }
  Rational rational(int bits) {
    const Rational::Int den = integer(bits);
    return make(integer(bits), den == 0 ? 1 : den);
  }

private:
  std::mt19937_64 random_;
};

} // namespace

TEST_CASE("text becomes exact numbers") {
  CHECK(parse("1.5") == make(3, 2));
  CHECK(parse("2e-6") == make(1, 500000));
  CHECK(parse("-3") == Rational(-3));
  CHECK(parse("1E3") == Rational(1000));
  CHECK(parse("1e+3") == Rational(1000));
  CHECK(parse("-0") == Rational(0));
  CHECK(parse("0.10") == make(1, 10));
  CHECK(parse("0e30").is_zero());
  CHECK(parse("1e30").num_text() == "1000000000000000000000000000000");
  CHECK(parse("170141183460469231731687303715884105727").num() == largest);
  CHECK(parse("-170141183460469231731687303715884105727").num() == -largest);
  CHECK(parse("0.00000000000000000000000000000000000001").to_string() ==
        "1/100000000000000000000000000000000000000");
}

TEST_CASE("text that is no number, or too much of one, is refused") {
  for (const char *text : {"",
                           "-",
                           "+1",
                           ".5",
                           "1.",
                           "1e",
                           "1e-",
                           "1e31",
                           "1e-31",
                           "1e999999999999",
                           "1.5.2",
                           "0x10",
                           "1 ",
                           " 1",
                           "--1",
                           "1,5",
                           "inf",
                           "nan",
                           "170141183460469231731687303715884105728",
                           "99999999999999999999999999999999999999999",
                           "12345678901e29"})
    CHECK_FALSE(Rational::parse(text));
  CHECK_FALSE(Rational::parse(std::string("1\0", 2)));
  CHECK_FALSE(Rational::parse("0." + std::string(70, '1')));
}

TEST_CASE("numbers are kept in lowest terms with the sign above") {
  CHECK(make(6, -4).num() == -3);
  CHECK(make(6, -4).den() == 2);
  CHECK(make(0, -7).den() == 1);
  CHECK_FALSE(Rational::make(1, 0));
  const Rational::Int least = -largest - 1;
  CHECK_FALSE(Rational::make(least, 1));
  CHECK(make(least, 2).num() == least / 2);
  CHECK(make(least, least) == Rational(1));
  CHECK_FALSE(Rational::make(1, least));
}

TEST_CASE("parts of a message are read back") {
  CHECK(*Rational::from_parts("-12", "8") == make(-3, 2));
  CHECK(*Rational::from_parts("5", "") == Rational(5));
  for (const auto &[num, den] : std::vector<std::pair<const char *, const char *>>{
           {"", ""}, {"1", "0"}, {"1", "-2"}, {"1.5", ""}, {"x", ""}, {"1", "x"}, {"+1", ""}})
    CHECK_FALSE(Rational::from_parts(num, den));
  Numbers numbers(1);
  for (int i = 0; i < 2000; ++i) {
    const Rational a = numbers.rational(127);
    CHECK(*Rational::from_parts(a.num_text(), a.den_text()) == a);
  }
}

TEST_CASE("overflow is said of results only") {
  const Rational big = make(largest, 1);
  CHECK_FALSE(big.plus(1));
  CHECK_FALSE(big.times(2));
  CHECK_FALSE(big.negated().minus(1));
  CHECK_FALSE(make(1, largest).over(2));
  CHECK_FALSE(Rational(1).over(0));
  CHECK(*big.plus(-1) == make(largest - 1, 1));
  // Every way to these results leaves 128 bits.
  CHECK(*big.times(make(1, largest)) == Rational(1));
  CHECK(*make(largest, 3).minus(make(largest, 3)) == Rational(0));
  CHECK(*make(largest, 2).plus(make(largest, 2)) == big);
  const Rational::Int odd = largest - 2;
  CHECK(*make(1, odd).plus(make(odd - 1, odd)) == Rational(1));
}

TEST_CASE("the laws of arithmetic hold for small numbers, which __int128 can check") {
  Numbers numbers(2);
  for (int i = 0; i < 5000; ++i) {
    const Rational a = numbers.rational(20), b = numbers.rational(20), c = numbers.rational(20);
    CHECK(a.plus(b)->num() * (a.den() * b.den()) ==
          (a.num() * b.den() + b.num() * a.den()) * a.plus(b)->den());
    CHECK(*a.plus(b) == *b.plus(a));
    CHECK(*a.times(b) == *b.times(a));
    CHECK(*a.plus(*b.plus(c)) == *a.plus(b)->plus(c));
    CHECK(*a.times(*b.times(c)) == *a.times(b)->times(c));
    CHECK(*a.times(*b.plus(c)) == *a.times(b)->plus(*a.times(c)));
    CHECK(a.minus(b)->negated() == *b.minus(a));
    if (!b.is_zero())
      CHECK(*a.over(b)->times(b) == a);
    CHECK((a < b) == (a.num() * b.den() < b.num() * a.den()));
    CHECK((a <=> b) == (0 <=> (b <=> a)));
  }
}

TEST_CASE("order is exact where cross products leave 128 bits") {
  CHECK(make(largest, largest - 1) < make(largest - 1, largest - 2));
  CHECK(make(largest - 1, largest) < make(largest, largest - 1));
  CHECK(make(largest - 2, largest - 1) < make(largest - 1, largest));
  CHECK(make(-largest, 3) < make(largest, 2));
  Numbers numbers(3);
  for (int i = 0; i < 5000; ++i) {
    const Rational a = numbers.rational(127), b = numbers.rational(127);
    CHECK((a < b) + (a == b) + (a > b) == 1);
    CHECK((a < b) == (b > a));
    CHECK((a < b) == (b.negated() < a.negated()));
    if (const auto difference = a.minus(b))
      CHECK(difference->sign() == (a < b ? -1 : a > b));
    if (const auto sum = a.plus(b))
      CHECK((*sum > a) == (b.sign() > 0));
  }
}

TEST_CASE("what is given back by large numbers is right, or refused") {
  Numbers numbers(4);
  int fits = 0;
  for (int i = 0; i < 5000; ++i) {
    const Rational a = numbers.rational(100), b = numbers.rational(100);
    if (const auto sum = a.plus(b)) {
      ++fits;
      if (const auto back = sum->minus(b))
        CHECK(*back == a);
    }
    if (const auto product = a.times(b); product && !b.is_zero())
      CHECK(*product->over(b) == a);
  }
  CHECK(fits > 500);
}

TEST_CASE("rounding") {
  CHECK(*make(7, 2).floor() == 3);
  CHECK(*make(7, 2).ceil() == 4);
  CHECK(*make(7, 2).nearest() == 4);
  CHECK(*make(-7, 2).floor() == -4);
  CHECK(*make(-7, 2).ceil() == -3);
  CHECK(*make(-7, 2).nearest() == -4);
  CHECK(*make(1, 3).nearest() == 0);
  CHECK(*make(2, 3).nearest() == 1);
  CHECK(*Rational(5).floor() == 5);
  CHECK(*Rational(5).ceil() == 5);
  CHECK(*make(largest, largest - 1).nearest() == 1);
  CHECK(*make(largest - 1, largest).nearest() == 1);
  CHECK(*Rational(INT64_MIN).floor() == INT64_MIN);
  CHECK_FALSE(Rational(INT64_MAX).plus(1)->floor());
  CHECK(*make(static_cast<Rational::Int>(INT64_MAX) * 2 + 1, 2).floor() == INT64_MAX);
  CHECK_FALSE(make(static_cast<Rational::Int>(INT64_MAX) * 2 + 1, 2).ceil());
  CHECK(make(1, 4).to_double() == 0.25);
}

TEST_CASE("text is the shortest decimal, or a fraction") {
  CHECK(make(3, 2).to_string() == "1.5");
  CHECK(make(-1, 8).to_string() == "-0.125");
  CHECK(make(1, 3).to_string() == "1/3");
  CHECK(make(-22, 7).to_string() == "-22/7");
  CHECK(Rational(0).to_string() == "0");
  CHECK(parse("1e-30").to_string() == "0.000000000000000000000000000001");
  CHECK(make(largest, 1).to_string() == "170141183460469231731687303715884105727");
  Numbers numbers(5);
  for (int i = 0; i < 2000; ++i) {
    Rational::Int den = 1;
    for (int n = i % 19; n > 0; --n)
      den *= n % 3 == 0 ? 2 : 10;
    const Rational a = make(numbers.integer(60), den);
    CHECK(parse(a.to_string().c_str()) == a);
  }
}

TEST_CASE("text for people is rounded half away from zero") {
  CHECK(make(1, 3).to_human() == "0.3333");
  CHECK(make(2, 3).to_human() == "0.6667");
  CHECK(parse("1.5").to_human() == "1.5");
  CHECK(parse("12345").to_human() == "12350");
  CHECK(parse("-12345").to_human() == "-12350");
  CHECK(parse("9999.5").to_human() == "10000");
  CHECK(parse("0.99996").to_human() == "1");
  CHECK(parse("0.00012345").to_human() == "0.0001235");
  CHECK(parse("1.25").to_human(2) == "1.3");
  CHECK(parse("1e-9").to_human() == "1e-9");
  CHECK(parse("1.2345e-9").to_human(3) == "1.23e-9");
  CHECK(parse("100").to_human() == "100");
  CHECK(Rational(0).to_human() == "0");
  CHECK(make(1, largest).to_human(2) == "5.9e-39");
  CHECK(make(largest, 1).to_human(2) == "1.7e38");
}
