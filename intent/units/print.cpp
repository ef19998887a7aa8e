// Quantities as text: in the author's unit, in a given one, or in the one that suits the size.
#include "intent/units/units.h"

namespace nemo::units {

namespace {

using formula::Quantity;

Rational unsigned_number(uint64_t value) {
  return *Rational::make(static_cast<Rational::Int>(value), 1);
}

/// `number` steps as a quantity.
std::optional<Quantity> quantity_of(const Rational &number, llvm::StringRef step) {
  const auto unit = formula::find_unit(step);
  const auto value = unit ? number.times(unit->factor) : std::nullopt;
  if (!value)
    return std::nullopt;
  return Quantity{*value, unit->dimension, step.str()};
}

/// In the largest unit (smallest come first) that leaves a number of at least one, four digits.
std::string scaled(const Rational &number, llvm::StringRef step,
                   llvm::ArrayRef<llvm::StringRef> units) {
  const auto quantity = quantity_of(number, step);
  if (!quantity)
    return number.to_human() + step.str();
  std::string text;
  for (const llvm::StringRef unit : units) {
    const auto in_unit = formula::number_in(*quantity, unit);
    if (!in_unit || (!text.empty() && *in_unit < Rational(1)))
      break;
    text = in_unit->to_human() + unit.str();
  }
  return text;
}

/// True when nothing was rounded away.
bool exact(llvm::StringRef text, const Rational &number, llvm::StringRef step) {
  const auto quantity = quantity_of(number, step);
  const auto read = parse(text);
  return quantity && read && read.quantity->value == quantity->value;
}

} // namespace

std::string print(const Quantity &quantity) { return formula::to_string(quantity); }

std::string print_in(const Quantity &quantity, llvm::StringRef unit) {
  Quantity other = quantity;
  if (formula::number_in(quantity, unit))
    other.unit = unit.str();
  return print(other);
}

std::string show_cpu(uint64_t millicores) {
  return scaled(unsigned_number(millicores), "mcore", {"core"});
}

std::string show_bytes(uint64_t bytes) {
  const Rational number = unsigned_number(bytes);
  const std::string binary = scaled(number, "B", {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"});
  if (exact(binary, number, "B"))
    return binary;
  const std::string decimal = scaled(number, "B", {"B", "kB", "MB", "GB", "TB", "PB", "EB"});
  return exact(decimal, number, "B") ? decimal : binary;
}

std::string show_power(uint64_t milliwatts) {
  return scaled(unsigned_number(milliwatts), "mW", {"W", "kW", "MW"});
}

std::string show_time(uint64_t nanoseconds) {
  return scaled(unsigned_number(nanoseconds), "ns", {"ns", "us", "ms", "s", "min", "h", "d"});
}

std::string show_rate(uint64_t bits_per_second) {
  return scaled(unsigned_number(bits_per_second), "bit/s",
                {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"});
}

std::string show_money_rate(int64_t neur_per_hour) {
  return scaled(Rational(neur_per_hour), "nEUR/h", {"EUR/h"});
}

std::string show_energy_price(uint64_t neur_per_kwh) {
  return scaled(unsigned_number(neur_per_kwh), "nEUR/kWh", {"EUR/kWh"});
}

std::string show_data_price(uint64_t neur_per_gib) {
  return scaled(unsigned_number(neur_per_gib), "nEUR/GiB", {"EUR/GiB"});
}

std::string show_carbon(uint64_t mg_per_kwh) {
  return scaled(unsigned_number(mg_per_kwh), "mgCO2e/kWh", {"gCO2e/kWh"});
}

std::string show_temperature(int64_t mdegc) {
  const auto degrees = Rational::make(mdegc, 1000);
  return (degrees ? degrees->to_human() : "0") + "degC";
}

std::string write_whole(uint64_t number, llvm::StringRef step,
                        llvm::ArrayRef<llvm::StringRef> units) {
  const auto quantity = quantity_of(unsigned_number(number), step);
  if (number != 0 && quantity) {
    for (const llvm::StringRef unit : units) {
      const auto in_unit = formula::number_in(*quantity, unit);
      if (in_unit && in_unit->is_integer())
        return in_unit->to_string() + unit.str();
    }
  }
  return std::to_string(number) + step.str();
}

} // namespace nemo::units
