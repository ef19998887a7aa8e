// The table of units, and units as text ("EUR/core/h"). It stands beside the evaluator because a
// value is printed back in the unit its author used, on agents too; what is wrong with a unit is
// told by intent/units.
#pragma once

#include <optional>
#include <string>

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include "base/rational.h"
#include "protocol/formula/dimension.h"
#include "protocol/formula/evaluate.h"

namespace nemo::formula {

/// value in base units = number * factor + offset. Only degC has an offset; it stands alone, never
/// in a quotient.
struct Unit {
  std::string symbol;
  Dimension dimension;
  Rational factor;
  Rational offset;
};

/// Every simple unit, in the order of the reference page.
llvm::ArrayRef<Unit> units();
/// A simple unit ("kWh") or a quotient of them ("EUR/core/h"); nullopt for what is none, or does
/// not fit. "" is the unit of plain numbers.
std::optional<Unit> find_unit(llvm::StringRef text);

/// What a value without an author's unit is shown in: "EUR/h" for EUR s^-1, "kWh" for J; "" when no
/// quotient of units says it.
std::string usual_unit(const Dimension &dimension);

/// The number of `unit`s in a value; nullopt when dimensions differ or it does not fit.
std::optional<Rational> number_in(const Quantity &quantity, llvm::StringRef unit);
/// As an author would write it, in its own unit or, where there is none, in the usual one. A number
/// without a finite decimal, or with more than twenty digits, is rounded to six.
std::string to_string(const Quantity &quantity);

} // namespace nemo::formula
