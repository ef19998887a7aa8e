// A token is a number and a unit without anything between. What people write elsewhere ("512Mi",
// "100m", "Mbps") is known by name, so that the answer is what they meant.
#include "intent/units/units.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "llvm/ADT/StringExtras.h"

#include "base/diagnostics/diagnostics.h"

namespace nemo::units {

namespace {

constexpr size_t token_limit = 200;

struct Habit {
  const char *written;
  const char *meant; ///< "a|b"
};

/// Spellings from elsewhere. Looked up as they stand, then in lower case.
constexpr Habit habits[] = {
    {"b", "B|bit"},
    {"byte", "B"},
    {"bytes", "B"},
    {"bits", "bit"},
    {"kb", "kB|kbit"},
    {"mb", "MB|Mbit"},
    {"gb", "GB|Gbit"},
    {"tb", "TB|Tbit"},
    {"KB", "kB|KiB"},
    {"Kb", "kbit|kB"},
    {"Mb", "Mbit|MB"},
    {"Gb", "Gbit|GB"},
    {"Tb", "Tbit|TB"},
    {"k", "kB|kbit"},
    {"K", "kB|kbit"},
    {"M", "MB|Mbit"},
    {"G", "GB|Gbit"},
    {"T", "TB|Tbit"},
    {"Ki", "KiB"},
    {"Mi", "MiB"},
    {"Gi", "GiB"},
    {"Ti", "TiB"},
    {"bps", "bit/s"},
    {"kbps", "kbit/s"},
    {"mbps", "Mbit/s"},
    {"gbps", "Gbit/s"},
    {"MBps", "MB/s"},
    {"GBps", "GB/s"},
    {"m", "min|ms|mcore"},
    {"sec", "s"},
    {"secs", "s"},
    {"second", "s"},
    {"seconds", "s"},
    {"msec", "ms"},
    {"usec", "us"},
    {"mins", "min"},
    {"minute", "min"},
    {"minutes", "min"},
    {"hr", "h"},
    {"hrs", "h"},
    {"hour", "h"},
    {"hours", "h"},
    {"day", "d"},
    {"days", "d"},
    {"week", "w"},
    {"weeks", "w"},
    {"y", "d"},
    {"cores", "core"},
    {"cpu", "core"},
    {"cpus", "core"},
    {"vcpu", "core"},
    {"vcpus", "core"},
    {"millicore", "mcore"},
    {"millicores", "mcore"},
    {"watt", "W"},
    {"watts", "W"},
    {"g", "gCO2e"},
    {"gco2", "gCO2e"},
    {"kg", "kgCO2e"},
    {"kgco2", "kgCO2e"},
    {"t", "tCO2e"},
    {"tco2", "tCO2e"},
    {"c", "degC"},
    {"celsius", "degC"},
    {"deg", "degC"},
    {"percent", "%"},
    {"pct", "%"},
    {"euro", "EUR"},
    {"euros", "EUR"},
    {"\xe2\x82\xac", "EUR"},
    {"$", "USD"},
    {"\xc2\xb5s", "us"},
    {"\xce\xbcs", "us"},
    {"\xc2\xb0"
     "c",
     "degC"},
};

/// Units for internal steps are read but never proposed.
bool proposed(llvm::StringRef symbol) {
  return symbol != "nEUR" && symbol != "uEUR" && symbol != "mgCO2e";
}

std::vector<std::string> meant_by(llvm::StringRef wrong) {
  std::vector<std::string> result;
  auto split = [&](llvm::StringRef meant) {
    llvm::SmallVector<llvm::StringRef> parts;
    meant.split(parts, '|');
    for (const llvm::StringRef part : parts)
      result.push_back(part.str());
  };
  const std::string lower = wrong.lower();
  for (const llvm::StringRef spelling : {wrong, llvm::StringRef(lower)}) {
    for (const Habit &habit : habits) {
      if (spelling == habit.written) {
        split(habit.meant);
        return result;
      }
    }
  }
  for (const formula::Unit &unit : formula::units())
    if (proposed(unit.symbol) && llvm::StringRef(unit.symbol).equals_insensitive(wrong))
      result.push_back(unit.symbol);
  if (!result.empty() || wrong.size() < 3)
    return result;
  std::vector<std::string> symbols;
  for (const formula::Unit &unit : formula::units())
    if (proposed(unit.symbol))
      symbols.push_back(unit.symbol);
  if (auto near = did_you_mean(wrong, symbols))
    result.push_back(*near);
  return result;
}

Parsed fault(Fault kind, std::string message) {
  Parsed result;
  result.error.fault = kind;
  result.error.message = std::move(message);
  return result;
}

/// Which part of `unit` is none, and what may be meant.
Parsed no_unit(llvm::StringRef number, llvm::StringRef unit) {
  llvm::SmallVector<llvm::StringRef> parts;
  unit.split(parts, '/');
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].empty() && formula::find_unit(parts[i]))
      continue;
    if (parts[i].empty())
      return fault(Fault::malformed, fmt::format("{} lacks a unit beside the /", unit.str()));
    Parsed result = fault(Fault::unknown_unit, fmt::format("{} is not a unit", parts[i].str()));
    result.error.unit = parts[i].str();
    const auto meant = meant_by(parts[i]);
    for (size_t m = 0; m < meant.size(); ++m)
      result.error.fix += (m == 0                  ? "Did you mean "
                           : m + 1 == meant.size() ? " or "
                                                   : ", ") +
                          meant[m];
    if (!meant.empty())
      result.error.fix += "?";
    if (meant.size() == 1) {
      std::string whole = number.str();
      for (size_t p = 0; p < parts.size(); ++p)
        whole += (p == 0 ? "" : "/") + (p == i ? meant[0] : parts[p].str());
      if (parse(whole))
        result.error.suggestion = std::move(whole);
    }
    return result;
  }
  for (const llvm::StringRef alone : {"degC", "%"}) {
    if (llvm::is_contained(parts, alone)) {
      Parsed result =
          fault(Fault::unknown_unit,
                fmt::format("{} stands alone, it cannot be part of {}", alone.str(), unit.str()));
      result.error.unit = unit.str();
      return result;
    }
  }
  return fault(Fault::overflow, fmt::format("the unit {} does not fit", unit.str()));
}

} // namespace

Parsed parse(llvm::StringRef token) {
  if (token.size() > token_limit)
    return fault(Fault::malformed, "too long for a quantity");
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  size_t at = token.startswith("-") ? 1 : 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < token.size() && is_digit(token[at]))
      ++at;
    return at > begin;
  };
  if (!digits())
    return fault(Fault::malformed,
                 fmt::format("{} is not a quantity: a number comes first", token.str()));
  if (at + 1 < token.size() && token[at] == '.' && is_digit(token[at + 1])) {
    ++at;
    digits();
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    const size_t before = at++;
    if (at < token.size() && (token[at] == '+' || token[at] == '-'))
      ++at;
    if (!digits())
      at = before; // the E of EUR
  }
  const llvm::StringRef number = token.take_front(at), unit = token.drop_front(at);
  if (unit.startswith(" ")) {
    Parsed result = fault(
        Fault::malformed,
        fmt::format("{} is more than one word: the unit is glued to its number", token.str()));
    const std::string glued = number.str() + unit.ltrim(' ').str();
    if (parse(glued)) {
      result.error.suggestion = glued;
      result.error.fix = "Did you mean " + glued + "?";
    }
    return result;
  }
  if (llvm::any_of(unit, [](char c) {
        return c == '.' || c == '-' || c == '+' || c == ',' || c == ' ' || llvm::isSpace(c);
      }))
    return fault(Fault::malformed, fmt::format("{} is not a quantity", token.str()));

  const auto value = Rational::parse(number);
  if (!value)
    return fault(
        Fault::overflow,
        fmt::format("{} does not fit: exponents end at +-30, numbers at 128 bits", number.str()));
  const auto found = formula::find_unit(unit);
  if (!found)
    return no_unit(number, unit);
  const auto scaled = value->times(found->factor);
  const auto absolute = scaled ? scaled->plus(found->offset) : std::nullopt;
  if (!absolute)
    return fault(Fault::overflow, fmt::format("{} does not fit in 128 bits", token.str()));
  Parsed result;
  result.quantity = formula::Quantity{*absolute, found->dimension, unit.str()};
  return result;
}

formula::Dimension dimension_of(llvm::StringRef unit) {
  const auto found = formula::find_unit(unit);
  return found ? found->dimension : formula::Dimension{};
}

} // namespace nemo::units
