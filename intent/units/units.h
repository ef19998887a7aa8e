// Quantities as people write them: one token, number glued to unit. Reading keeps the author's unit
// beside the exact value in base units; printing gives it back.
#pragma once

#include <optional>
#include <string>

#include "llvm/ADT/StringRef.h"

#include "protocol/formula/evaluate.h"
#include "protocol/formula/unit.h"

namespace nemo::units {

enum class Fault {
  malformed,    ///< no number, or no unit, or text that is neither
  unknown_unit, ///< a number and a word that is no unit
  overflow,     ///< exponent beyond +-30, or more than 128 bits
};

struct UnitError {
  Fault fault = Fault::malformed;
  std::string message; ///< one line: "mb is no unit"
  std::string unit;    ///< the part that is no unit ("mb"); empty for other faults
  std::string fix;     ///< "Did you mean MB or Mbit?"; empty when nothing is near
  /// The whole token rewritten ("20MB") when there is exactly one thing that may be meant.
  std::string suggestion;
};

/// Either a value or what is wrong with the token.
struct Parsed {
  std::optional<formula::Quantity> quantity;
  UnitError error; ///< meaningful only without a quantity
  explicit operator bool() const { return quantity.has_value(); }
};

/// One token: "20ms", "1.5core", "0.012EUR/core/h", "99.95%", "3", "1e-6"; also with a leading '-'
/// (temperatures in fleet files). Numbers without unit have no dimension and the unit "".
Parsed parse(llvm::StringRef token);

/// The dimension of a unit that is in the table, or a quotient of such: "EUR/core/h". For
/// constants.
formula::Dimension dimension_of(llvm::StringRef unit);
/// "kWh" for J, "EUR/h" for EUR s^-1, "B" for bit ...: a unit to show an example in.
using formula::usual_unit;

/// True when the unit's numerator is bit, kbit, ... / B, kB, KiB, ...
bool written_in_bits(llvm::StringRef unit);
bool written_in_bytes(llvm::StringRef unit);
/// "2Mbit is 250kB. Did you mean 2MiB?" (or, from bytes: "2MB/s is 16Mbit/s. Did you mean
/// 2Mbit/s?").
std::string other_data_hint(const formula::Quantity &quantity);
/// The replacement in that hint: "2MiB".
std::string other_data_suggestion(const formula::Quantity &quantity);

/// A whole number of `step`s ("mcore", "B", "ns", "nEUR/h", "mgCO2e/kWh").
struct Whole {
  enum class Fault {
    none,
    dimension, ///< the quantity is of another dimension than `step`
    not_whole, ///< finer than one step
    overflow,  ///< does not fit in 64 bits
  };
  std::optional<int64_t> value;
  Fault fault = Fault::none;
  /// "0.0005core is not a whole number of mcore: the smallest step is 0.001core"
  std::string message;
  explicit operator bool() const { return value.has_value(); }
};
Whole to_integer(const formula::Quantity &quantity, llvm::StringRef step);
/// The same, rounded half away from zero to a whole step: for prices, which people state per day or
/// per GB where the protocol counts per hour and per GiB.
Whole to_nearest(const formula::Quantity &quantity, llvm::StringRef step);

/// In the author's unit: "20ms".
std::string print(const formula::Quantity &quantity);
/// In `unit`, exact where the decimal is finite; in the author's unit when the dimensions differ.
std::string print_in(const formula::Quantity &quantity, llvm::StringRef unit);

// Integers of the protocol for people: rounded to four digits, in the unit that suits the size.
std::string show_cpu(uint64_t millicores);          ///< "1.5core"
std::string show_bytes(uint64_t bytes);             ///< "512MiB"
std::string show_power(uint64_t milliwatts);        ///< "12W"
std::string show_time(uint64_t nanoseconds);        ///< "20ms"
std::string show_rate(uint64_t bits_per_second);    ///< "1Gbit/s"
std::string show_money_rate(int64_t neur_per_hour); ///< "0.012EUR/h"
std::string show_energy_price(uint64_t neur_per_kwh);
std::string show_data_price(uint64_t neur_per_gib);
std::string show_carbon(uint64_t mg_per_kwh); ///< "350gCO2e/kWh"
std::string show_temperature(int64_t mdegc);  ///< "85degC"

/// The same integers exactly, for files that are read back: in the first of `units` (largest first)
/// of which it is a whole number, else in `step`.
std::string write_whole(uint64_t number, llvm::StringRef step,
                        llvm::ArrayRef<llvm::StringRef> units);

} // namespace nemo::units
