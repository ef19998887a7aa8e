// Arithmetic, text and names of dimensions. Canonical text has the positive exponents first, so
// that it reads as it is spoken: "EUR s^-1".
#include "protocol/formula/dimension.h"

#include "llvm/ADT/SmallVector.h"

namespace nemo::formula {

namespace {

constexpr int exponent_limit = 30;

constexpr llvm::StringRef symbols[Dimension::count] = {"s",   "bit", "core", "J",   "gCO2e", "K",
                                                       "EUR", "USD", "GBP",  "CHF", "JPY",   "SEK",
                                                       "NOK", "DKK", "PLN",  "CZK"};
constexpr size_t first_currency = 6;

std::optional<Dimension> combine(const Dimension &a, const Dimension &b, int sign) {
  Dimension result;
  for (size_t i = 0; i < Dimension::count; ++i) {
    const int exponent = a.exponents[i] + sign * b.exponents[i];
    if (exponent < -exponent_limit || exponent > exponent_limit)
      return std::nullopt;
    result.exponents[i] = static_cast<int8_t>(exponent);
  }
  return result;
}

std::string base_name(size_t index) {
  static constexpr llvm::StringRef words[first_currency] = {"time",   "data",     "cpu",
                                                            "energy", "CO2 mass", "temperature"};
  if (index < first_currency)
    return words[index].str();
  return "money (" + symbols[index].str() + ")";
}

} // namespace

std::optional<Dimension> Dimension::times(const Dimension &other) const {
  return combine(*this, other, 1);
}

std::optional<Dimension> Dimension::over(const Dimension &other) const {
  return combine(*this, other, -1);
}

std::string Dimension::to_string() const {
  std::string text;
  for (const bool positive : {true, false}) {
    for (size_t i = 0; i < count; ++i) {
      if (exponents[i] == 0 || (exponents[i] > 0) != positive)
        continue;
      if (!text.empty())
        text += ' ';
      text += symbols[i];
      if (exponents[i] != 1)
        text += "^" + std::to_string(exponents[i]);
    }
  }
  return text;
}

std::optional<Dimension> Dimension::parse(llvm::StringRef text) {
  Dimension result;
  if (text.empty())
    return result;
  llvm::StringRef rest = text;
  do {
    llvm::StringRef part;
    std::tie(part, rest) = rest.split(' ');
    const auto [symbol, power] = part.split('^');
    int exponent = 1;
    if (symbol.size() != part.size() && (power.empty() || power.getAsInteger(10, exponent)))
      return std::nullopt;
    if (exponent == 0 || exponent < -exponent_limit || exponent > exponent_limit)
      return std::nullopt;
    size_t index = 0;
    while (index < count && symbols[index] != symbol)
      ++index;
    if (index == count || result.exponents[index] != 0)
      return std::nullopt;
    result.exponents[index] = static_cast<int8_t>(exponent);
  } while (!rest.empty());
  if (text.back() == ' ')
    return std::nullopt;
  return result;
}

std::string Dimension::name() const {
  if (none())
    return "plain number";
  static constexpr std::pair<llvm::StringRef, llvm::StringRef> words[] = {
      {"s^-1", "frequency"},
      {"bit s^-1", "data rate"},
      {"J s^-1", "power"},
      {"gCO2e J^-1", "carbon intensity"},
  };
  const std::string text = to_string();
  for (const auto &[canonical, word] : words)
    if (text == canonical)
      return word.str();

  // One thing per others: "money (EUR) per cpu per time".
  std::string name;
  for (size_t i = 0; i < count; ++i) {
    if (exponents[i] <= 0)
      continue;
    if (exponents[i] > 1 || !name.empty())
      return text;
    name = base_name(i);
  }
  if (name.empty())
    return text;
  // Time comes last, as in "EUR/core/h".
  for (size_t step = 1; step <= count; ++step) {
    const size_t i = step % count;
    if (exponents[i] >= 0)
      continue;
    if (exponents[i] < -1)
      return text;
    name += " per " + base_name(i);
  }
  return name;
}

llvm::ArrayRef<llvm::StringRef> base_units() { return symbols; }

std::optional<Dimension> base_dimension(llvm::StringRef symbol) {
  for (size_t i = 0; i < Dimension::count; ++i) {
    if (symbols[i] == symbol) {
      Dimension result;
      result.exponents[i] = 1;
      return result;
    }
  }
  return std::nullopt;
}

} // namespace nemo::formula
