// Dimensions are the types of quantities: exponents over the base dimensions. B and bit share one;
// each currency is its own; a ratio and a count have none.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace nemo::formula {

/// Base units: s, bit, core, J, gCO2e, K (degC: only compared), one per currency (ISO 4217).
struct Dimension {
  static constexpr size_t count = 16;
  std::array<int8_t, count> exponents{};

  bool operator==(const Dimension &) const = default;
  bool none() const { return *this == Dimension{}; }

  /// nullopt when an exponent leaves +-30.
  std::optional<Dimension> times(const Dimension &other) const;
  std::optional<Dimension> over(const Dimension &other) const;

  /// Canonical text: base units in table order with exponents, "EUR s^-1"; "" for none. Inverse of
  /// parse.
  std::string to_string() const;
  static std::optional<Dimension> parse(llvm::StringRef text);
  /// The field's word where there is one: "time", "data rate", "power", "carbon intensity", "money
  /// (EUR) per time"; else to_string().
  std::string name() const;
};

/// Symbols of the base units, in table order; the first six are physical, the rest currencies.
llvm::ArrayRef<llvm::StringRef> base_units();
/// The dimension with exponent 1 in `symbol`; nullopt if it is no base unit.
std::optional<Dimension> base_dimension(llvm::StringRef symbol);

} // namespace nemo::formula
