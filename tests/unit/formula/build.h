// Formulas for tests, with the positions they would have in text: `at` finds each part in the
// source, so a test reads as what it tests.
#pragma once

#include <string>
#include <vector>

#include "protocol/formula/evaluate.h"
#include "protocol/formula/unit.h"

namespace nemo::formula::test {

using Op = proto::Expr::Op;

inline proto::Value quantity_of(const std::string &number, const std::string &unit) {
  const auto found = find_unit(unit);
  return quantity({*Rational::parse(number)->times(found->factor)->plus(found->offset),
                   found->dimension, unit});
}

inline proto::Expr literal(const proto::Value &value) {
  proto::Expr expr;
  *expr.mutable_literal() = value;
  return expr;
}

inline proto::Expr number(const std::string &digits, const std::string &unit = "") {
  return literal(quantity_of(digits, unit));
}

inline proto::Expr ref(const std::vector<std::string> &path) {
  proto::Expr expr;
  for (const std::string &part : path)
    expr.mutable_ref()->add_path(part);
  return expr;
}

inline proto::Expr make(Op op, const std::vector<proto::Expr> &operands) {
  proto::Expr expr;
  expr.set_op(op);
  for (const proto::Expr &operand : operands)
    *expr.add_operands() = operand;
  return expr;
}

/// `expr` with its place in `source`, which must hold it: the first `text` at or after `from`.
inline proto::Expr placed(proto::Expr expr, const std::string &source, const std::string &text,
                          size_t from = 0) {
  const size_t begin = source.find(text, from);
  expr.mutable_span()->set_begin(static_cast<uint32_t>(begin));
  expr.mutable_span()->set_end(static_cast<uint32_t>(begin + text.size()));
  return expr;
}

} // namespace nemo::formula::test
