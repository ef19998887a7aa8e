// Bits against bytes, and exact whole numbers of a step for the integers of the protocol.
#include <fmt/format.h>

#include "intent/units/units.h"

namespace nemo::units {

namespace {

using formula::Quantity;

constexpr llvm::StringRef bit_units[] = {"bit", "kbit", "Mbit", "Gbit", "Tbit", "Pbit"};
constexpr llvm::StringRef byte_units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
constexpr llvm::StringRef binary_units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

llvm::StringRef numerator(llvm::StringRef unit) { return unit.split('/').first; }

/// The largest of `units` (smallest first) in which the number is at least one.
std::string in_best(const Quantity &quantity, llvm::ArrayRef<llvm::StringRef> units,
                    llvm::StringRef rest) {
  std::string text = print(quantity);
  for (const llvm::StringRef unit : units) {
    const auto number = formula::number_in(quantity, unit.str() + rest.str());
    if (!number || (unit != units.front() && *number < Rational(1)))
      break;
    const std::string decimal = number->to_string();
    text = (decimal.size() > 10 ? number->to_human(4) : decimal) + unit.str() + rest.str();
  }
  return text;
}

} // namespace

bool written_in_bits(llvm::StringRef unit) { return numerator(unit).endswith("bit"); }

bool written_in_bytes(llvm::StringRef unit) {
  const auto found = formula::find_unit(numerator(unit));
  return found && found->dimension == *formula::base_dimension("bit") && !written_in_bits(unit);
}

std::string other_data_suggestion(const Quantity &quantity) {
  const llvm::StringRef unit = quantity.unit, first = numerator(unit);
  const std::string rest = unit.drop_front(first.size()).str();
  const auto number = formula::number_in(quantity, unit);
  if (!number)
    return {};
  for (size_t i = 0; i < std::size(bit_units); ++i) {
    // Sizes are usually meant in powers of two, rates never.
    if (first == bit_units[i])
      return number->to_string() + (rest.empty() ? binary_units[i] : byte_units[i]).str() + rest;
    if (first == byte_units[i] || first == binary_units[i])
      return number->to_string() + bit_units[i].str() + rest;
  }
  return {};
}

std::string other_data_hint(const Quantity &quantity) {
  const llvm::StringRef unit = quantity.unit;
  const llvm::StringRef rest = unit.drop_front(numerator(unit).size());
  const std::string other = written_in_bits(unit) ? in_best(quantity, byte_units, rest)
                                                  : in_best(quantity, bit_units, rest);
  const std::string suggestion = other_data_suggestion(quantity);
  return fmt::format("{} is {}.{}", print(quantity), other,
                     suggestion.empty() ? "" : " Did you mean " + suggestion + "?");
}

namespace {

Whole in_steps(const Quantity &quantity, llvm::StringRef step, bool rounded) {
  Whole result;
  auto fail = [&](Whole::Fault fault, std::string message) {
    result.fault = fault;
    result.message = std::move(message);
    return result;
  };
  const auto unit = formula::find_unit(step);
  if (!unit || unit->dimension != quantity.dimension)
    return fail(Whole::Fault::dimension,
                fmt::format("{} is {}, not {}", print(quantity), quantity.dimension.name(),
                            unit ? unit->dimension.name() : step.str()));
  const auto number = formula::number_in(quantity, step);
  const auto whole = number ? number->nearest() : std::nullopt;
  if (!whole)
    return fail(Whole::Fault::overflow, fmt::format("{} is too large", print(quantity)));
  if (!rounded && !number->is_integer()) {
    const Quantity one{unit->factor, unit->dimension, quantity.unit};
    return fail(Whole::Fault::not_whole,
                fmt::format("{} is not a whole number of {}: the smallest step is {}",
                            print(quantity), step.str(), print(one)));
  }
  result.value = *whole;
  return result;
}

} // namespace

Whole to_integer(const Quantity &quantity, llvm::StringRef step) {
  return in_steps(quantity, step, false);
}

Whole to_nearest(const Quantity &quantity, llvm::StringRef step) {
  return in_steps(quantity, step, true);
}

} // namespace nemo::units
