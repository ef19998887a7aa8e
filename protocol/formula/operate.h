// What each operator does with values that are already there. Unknown values and errors are values
// here, so that `false and (1 / 0 > 2)` can be decided as an author expects.
#pragma once

#include <string>

#include "llvm/ADT/ArrayRef.h"

#include "protocol/formula/evaluate.h"

namespace nemo::formula {

struct Slot {
  enum class Kind { error, unknown, boolean, quantity, word, list, range };
  Kind kind = Kind::error;
  bool truth = false;
  Quantity quantity;
  proto::Value value; ///< word (text, enumerator, reference), list, range
  std::string text;   ///< error: in plain words; unknown: the missing fact
  bool literal = false;

  static Slot error(std::string message);
  static Slot unknown(std::string fact);
  static Slot boolean(bool value);
};

/// Refuses what no formula can hold: malformed numbers, lists within lists.
Slot slot_of(const proto::Value &value);
/// Not for errors.
proto::Value value_of(const Slot &slot);

/// Applies an operator. The number of operands must be right for it.
Slot apply(proto::Expr::Op op, llvm::ArrayRef<Slot> operands);

} // namespace nemo::formula
