// The table of units as text, read once: "kWh" is 3600000 of "J". A unit as an author writes it is
// one symbol or a quotient of symbols.
#include "protocol/formula/unit.h"

#include <vector>

#include "llvm/ADT/StringMap.h"

namespace nemo::formula {

namespace {

struct Row {
  const char *symbol;
  const char *factor;
  const char *den; ///< the factor's denominator
  const char *dimension;
};

constexpr const char *one = "1";
constexpr Row table[] = {
    // time; a minute is `min`, so that `m` is left alone
    {"ns", one, "1000000000", "s"},
    {"us", one, "1000000", "s"},
    {"ms", one, "1000", "s"},
    {"s", one, one, "s"},
    {"min", "60", one, "s"},
    {"h", "3600", one, "s"},
    {"d", "86400", one, "s"},
    {"w", "604800", one, "s"},
    // data in bytes
    {"B", "8", one, "bit"},
    {"kB", "8000", one, "bit"},
    {"MB", "8000000", one, "bit"},
    {"GB", "8000000000", one, "bit"},
    {"TB", "8000000000000", one, "bit"},
    {"PB", "8000000000000000", one, "bit"},
    {"EB", "8000000000000000000", one, "bit"},
    {"KiB", "8192", one, "bit"},
    {"MiB", "8388608", one, "bit"},
    {"GiB", "8589934592", one, "bit"},
    {"TiB", "8796093022208", one, "bit"},
    {"PiB", "9007199254740992", one, "bit"},
    {"EiB", "9223372036854775808", one, "bit"},
    // data in bits
    {"bit", one, one, "bit"},
    {"kbit", "1000", one, "bit"},
    {"Mbit", "1000000", one, "bit"},
    {"Gbit", "1000000000", one, "bit"},
    {"Tbit", "1000000000000", one, "bit"},
    {"Pbit", "1000000000000000", one, "bit"},
    // processors
    {"mcore", one, "1000", "core"},
    {"core", one, one, "core"},
    // power and energy
    {"mW", one, "1000", "J s^-1"},
    {"W", one, one, "J s^-1"},
    {"kW", "1000", one, "J s^-1"},
    {"MW", "1000000", one, "J s^-1"},
    {"J", one, one, "J"},
    {"kJ", "1000", one, "J"},
    {"MJ", "1000000", one, "J"},
    {"Wh", "3600", one, "J"},
    {"kWh", "3600000", one, "J"},
    {"MWh", "3600000000", one, "J"},
    // greenhouse gases
    {"mgCO2e", one, "1000", "gCO2e"},
    {"gCO2e", one, one, "gCO2e"},
    {"kgCO2e", "1000", one, "gCO2e"},
    {"tCO2e", "1000000", one, "gCO2e"},
    // frequency
    {"Hz", one, one, "s^-1"},
    {"kHz", "1000", one, "s^-1"},
    {"MHz", "1000000", one, "s^-1"},
    {"GHz", "1000000000", one, "s^-1"},
    // ratio
    {"%", one, "100", ""},
    {"ppm", one, "1000000", ""},
    {"ppb", one, "1000000000", ""},
    // what is counted: requests
    {"req", one, one, ""},
    // temperature, which only compares
    {"degC", one, one, "K"},
    // money: each currency is a dimension of its own
    {"EUR", one, one, "EUR"},
    {"uEUR", one, "1000000", "EUR"},
    {"nEUR", one, "1000000000", "EUR"},
    {"USD", one, one, "USD"},
    {"GBP", one, one, "GBP"},
    {"CHF", one, one, "CHF"},
    {"JPY", one, one, "JPY"},
    {"SEK", one, one, "SEK"},
    {"NOK", one, one, "NOK"},
    {"DKK", one, one, "DKK"},
    {"PLN", one, one, "PLN"},
    {"CZK", one, one, "CZK"},
};

struct Table {
  std::vector<Unit> list;
  llvm::StringMap<size_t> by_symbol;

  Table() {
    for (const Row &row : table) {
      Unit unit;
      unit.symbol = row.symbol;
      unit.dimension = *Dimension::parse(row.dimension);
      unit.factor = *Rational::from_parts(row.factor, row.den);
      if (unit.symbol == "degC")
        unit.offset = *Rational::make(27315, 100);
      by_symbol[unit.symbol] = list.size();
      list.push_back(std::move(unit));
    }
  }
};

const Table &the_table() {
  static const Table instance;
  return instance;
}

const Unit *find_simple(llvm::StringRef symbol) {
  const auto found = the_table().by_symbol.find(symbol);
  return found == the_table().by_symbol.end() ? nullptr : &the_table().list[found->second];
}

/// What a value without an author's unit is shown in.
constexpr std::pair<const char *, const char *> usual[] = {
    {"", ""},
    {"s", "s"},
    {"bit", "B"},
    {"bit s^-1", "Mbit/s"},
    {"core", "core"},
    {"J", "kWh"},
    {"J s^-1", "W"},
    {"gCO2e", "gCO2e"},
    {"gCO2e s^-1", "gCO2e/h"},
    {"gCO2e J^-1", "gCO2e/kWh"},
    {"K", "degC"},
    {"s^-1", "Hz"},
    {"EUR s^-1", "EUR/h"},
    {"EUR J^-1", "EUR/kWh"},
    {"EUR gCO2e^-1", "EUR/tCO2e"},
    {"EUR bit^-1", "EUR/GiB"},
    {"EUR s^-1 core^-1", "EUR/core/h"},
    {"EUR s^-1 bit^-1", "EUR/GiB/h"},
};

} // namespace

llvm::ArrayRef<Unit> units() { return the_table().list; }

std::optional<Unit> find_unit(llvm::StringRef text) {
  if (text.empty()) {
    Unit plain;
    plain.factor = 1;
    return plain;
  }
  if (text.size() > 100)
    return std::nullopt;
  auto [first, rest] = text.split('/');
  const Unit *simple = find_simple(first);
  if (simple == nullptr)
    return std::nullopt;
  if (first.size() == text.size())
    return *simple;
  Unit result = *simple;
  result.symbol = text.str();
  if (!result.offset.is_zero() || text.back() == '/')
    return std::nullopt;
  while (!rest.empty()) {
    std::tie(first, rest) = rest.split('/');
    simple = find_simple(first);
    if (simple == nullptr || !simple->offset.is_zero() || first == "%")
      return std::nullopt;
    const auto dimension = result.dimension.over(simple->dimension);
    const auto factor = result.factor.over(simple->factor);
    if (!dimension || !factor)
      return std::nullopt;
    result.dimension = *dimension;
    result.factor = *factor;
  }
  return result;
}

std::string usual_unit(const Dimension &dimension) {
  const std::string canonical = dimension.to_string();
  for (const auto &[text, unit] : usual)
    if (canonical == text)
      return unit;
  // One base unit, perhaps over others: "USD/s".
  std::string numerator, denominator;
  for (size_t i = 0; i < Dimension::count; ++i) {
    const int exponent = dimension.exponents[i];
    for (int n = 0; n < exponent; ++n)
      numerator += (numerator.empty() ? "" : " ") + base_units()[i].str();
    for (int n = exponent; n < 0; ++n)
      denominator += "/" + base_units()[i].str();
  }
  return find_unit(numerator + denominator) ? numerator + denominator : "";
}

std::optional<Rational> number_in(const Quantity &quantity, llvm::StringRef unit) {
  const auto found = find_unit(unit);
  if (!found || found->dimension != quantity.dimension)
    return std::nullopt;
  const auto above = quantity.value.minus(found->offset);
  return above ? above->over(found->factor) : std::nullopt;
}

std::string to_string(const Quantity &quantity) {
  std::string unit = quantity.unit;
  auto number = number_in(quantity, unit);
  if (!number) {
    unit = usual_unit(quantity.dimension);
    number = number_in(quantity, unit);
  }
  if (!number) {
    unit = " " + quantity.dimension.to_string();
    number = quantity.value;
  }
  std::string text = number->to_string();
  // Too long to read, or no decimal at all.
  if (llvm::StringRef(text).contains('/') || text.size() > 20)
    text = number->to_human(6);
  return text + unit;
}

} // namespace nemo::formula
