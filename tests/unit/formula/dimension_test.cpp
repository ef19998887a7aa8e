#include <catch2/catch.hpp>

#include <set>

#include "protocol/formula/unit.h"

using namespace nemo::formula;
using nemo::Rational;

namespace {

Dimension dimension(const char *text) {
  const auto found = Dimension::parse(text);
  REQUIRE(found);
  return *found;
}

} // namespace

TEST_CASE("base units are a table of sixteen") {
  CHECK(base_units().size() == Dimension::count);
  std::set<std::string> symbols;
  for (const llvm::StringRef symbol : base_units()) {
    symbols.insert(symbol.str());
    CHECK(base_dimension(symbol)->to_string() == symbol);
  }
  CHECK(symbols.size() == Dimension::count);
  CHECK_FALSE(base_dimension("kg"));
}

TEST_CASE("dimensions multiply and divide, within bounds") {
  const Dimension energy = dimension("J"), time = dimension("s");
  CHECK(energy.over(time)->to_string() == "J s^-1");
  CHECK(energy.over(energy)->none());
  CHECK(*energy.over(time)->times(time) == energy);
  CHECK_FALSE(dimension("s^30").times(time));
  CHECK_FALSE(dimension("s^-30").over(time));
}

TEST_CASE("canonical text reads back, and other text is refused") {
  for (const char *text : {"", "s", "bit s^-1", "EUR s^-1 core^-1", "gCO2e J^-1", "core^2 s^-30"})
    CHECK(dimension(text).to_string() == text);
  for (const char *text : {" ", "s ", " s", "s  bit", "s^", "s^0", "s^31", "s^x", "m", "s s", "s^-",
                           "^2", "s^1e1", "S"})
    CHECK_FALSE(Dimension::parse(text));
}

TEST_CASE("dimensions have the field's words") {
  CHECK(dimension("").name() == "plain number");
  CHECK(dimension("s").name() == "time");
  CHECK(dimension("bit s^-1").name() == "data rate");
  CHECK(dimension("J s^-1").name() == "power");
  CHECK(dimension("gCO2e J^-1").name() == "carbon intensity");
  CHECK(dimension("EUR s^-1").name() == "money (EUR) per time");
  CHECK(dimension("EUR s^-1 core^-1").name() == "money (EUR) per cpu per time");
  CHECK(dimension("s^-1").name() == "frequency");
  CHECK(dimension("K").name() == "temperature");
  CHECK(dimension("J^2").name() == "J^2");
  CHECK(dimension("bit s").name() == "s bit");
}

TEST_CASE("units are symbols and their quotients") {
  CHECK(find_unit("kWh")->factor == Rational(3600000));
  CHECK(find_unit("kWh")->dimension == dimension("J"));
  CHECK(find_unit("EUR/core/h")->dimension == dimension("EUR s^-1 core^-1"));
  CHECK(find_unit("EUR/core/h")->factor == *Rational::make(1, 3600));
  CHECK(find_unit("MiB")->factor == Rational(8 * 1024 * 1024));
  CHECK(find_unit("")->dimension.none());
  CHECK(find_unit("%")->factor == *Rational::make(1, 100));
  CHECK(find_unit("degC")->offset == *Rational::make(27315, 100));
  for (const char *text : {"x", "/", "/s", "s/", "s//s", "degC/s", "s/degC", "s/%", "mb", " s"})
    CHECK_FALSE(find_unit(text));
  CHECK_FALSE(find_unit(std::string(1000, '/')));
  std::string deep = "s";
  for (int i = 0; i < 32; ++i)
    deep += "/B";
  CHECK_FALSE(find_unit(deep));
}

TEST_CASE("values print in the unit of their author, or in the usual one") {
  const auto show = [](const char *value, const char *dim, const char *unit) {
    return to_string(Quantity{*Rational::parse(value), dimension(dim), unit});
  };
  CHECK(show("0.02", "s", "ms") == "20ms");
  CHECK(show("358.15", "K", "degC") == "85degC");
  CHECK(show("0.9995", "", "%") == "99.95%");
  CHECK(show("3", "", "") == "3");
  CHECK(show("3600000", "J", "") == "1kWh");
  CHECK(show("20", "EUR s^-1", "") == "72000EUR/h");
  CHECK(show("20", "USD s^-1", "") == "20USD/s");
  CHECK(show("3", "J^2", "") == "3 J^2");
  // A message may claim a unit that is none, or that does not fit.
  CHECK(show("2", "s", "bogus") == "2s");
  CHECK(show("2", "s", "MiB") == "2s");
  CHECK(to_string(Quantity{*Rational::make(10, 3), dimension("s"), "s"}) == "3.33333s");
}
