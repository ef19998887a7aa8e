// The one evaluator of compiled formulas. Three-valued: what is not known is unknown, never false
// or zero, and it carries the name of the missing fact. Exact: quantities are rationals with
// dimensions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include "base/rational.h"
#include "protocol/formula.pb.h"
#include "protocol/formula/dimension.h"

namespace nemo::formula {

struct Quantity {
  Rational value; ///< in base units
  Dimension dimension;
  std::string unit; ///< to print it with; may be empty
};

std::optional<Quantity> from_proto(const proto::Quantity &quantity); ///< nullopt for malformed text
proto::Quantity to_proto(const Quantity &quantity);

proto::Value boolean(bool value);
proto::Value quantity(const Quantity &value);
proto::Value integer(int64_t value);
proto::Value text(llvm::StringRef value);
proto::Value enumerator(llvm::StringRef value);
proto::Value unknown(llvm::StringRef missing_fact);

/// As an author would write it: "20ms", "edge", "\"eu-de\"", "[1, 2]", "2..6", "unknown (node.tpm
/// of gw1)".
std::string to_string(const proto::Value &value);

/// The value of a name. Returns unknown(...) for a fact that is missing.
using Lookup = llvm::function_ref<proto::Value(const proto::Ref &)>;

/// One part of a formula with its value: what an explanation prints under the formula.
struct Part {
  proto::Span span;
  std::string text; ///< the reference, or empty for a sub-expression (the span names it)
  proto::Value value;
};

struct Evaluation {
  proto::Value value; ///< boolean, quantity, ... or unknown
  std::vector<Part>
      parts; ///< references and comparisons, in order of position; only when asked for

  bool is_true() const { return value.kind_case() == proto::Value::kBoolean && value.boolean(); }
  bool is_false() const { return value.kind_case() == proto::Value::kBoolean && !value.boolean(); }
  bool is_unknown() const { return value.kind_case() == proto::Value::kUnknown; }
};

/// Evaluates `expr`. and/or/not follow Kleene: false and unknown is false. Text compares with
/// enumerators by spelling. \returns an error (in plain words) for what the checker would have
/// refused: overflow, division by zero, unlike dimensions.
llvm::Expected<Evaluation> evaluate(const proto::Expr &expr, Lookup lookup,
                                    bool with_parts = false);

/// Every reference in `expr`, in order of position, with repeats.
std::vector<const proto::Ref *> references(const proto::Expr &expr);
/// "node.site.region"; label keys that are no identifier in quotes.
std::string to_string(const proto::Ref &ref);

/// The explanation of a formula as lines of text: the formula as written, and below each part its
/// value, aligned to it where it fits in `width` cells, as a list otherwise.
std::string explain(llvm::StringRef source, const proto::Expr &expr, const Evaluation &evaluation,
                    unsigned width = 96);

} // namespace nemo::formula
