#include "intent/check/formulas.h"

#include <fmt/format.h>

#include "intent/syntax/parse.h"
#include "intent/units/units.h"

namespace nemo::check {

using syntax::ExprKind;
using Of = Kind::Of;

proto::Expr::Op op_of(ExprKind kind) {
  switch (kind) {
  case ExprKind::negate:
    return proto::Expr::NEG;
  case ExprKind::logical_not:
    return proto::Expr::NOT;
  case ExprKind::multiply:
    return proto::Expr::MUL;
  case ExprKind::divide:
    return proto::Expr::DIV;
  case ExprKind::add:
    return proto::Expr::ADD;
  case ExprKind::subtract:
    return proto::Expr::SUB;
  case ExprKind::range:
    return proto::Expr::RANGE;
  case ExprKind::less_equal:
    return proto::Expr::LE;
  case ExprKind::greater_equal:
    return proto::Expr::GE;
  case ExprKind::less:
    return proto::Expr::LT;
  case ExprKind::greater:
    return proto::Expr::GT;
  case ExprKind::equal:
    return proto::Expr::EQ;
  case ExprKind::not_equal:
    return proto::Expr::NE;
  case ExprKind::in:
    return proto::Expr::IN;
  case ExprKind::not_in:
    return proto::Expr::NOT_IN;
  case ExprKind::logical_and:
    return proto::Expr::AND;
  case ExprKind::logical_or:
    return proto::Expr::OR;
  case ExprKind::list:
    return proto::Expr::LIST;
  default:
    return proto::Expr::OP_NONE;
  }
}

std::string Formulas::describe(const Kind &kind) {
  std::string what;
  switch (kind.of) {
  case Of::invalid:
  case Of::any:
    what = "a value";
    break;
  case Of::boolean:
    what = "a condition";
    break;
  case Of::quantity:
    what = kind.dimension.none() ? "a number" : kind.dimension.name();
    break;
  case Of::text:
    what = "a text";
    break;
  case Of::word:
    what = kind.words ? "one of " + llvm::join(schema::words(kind.words), ", ") : "a word";
    break;
  case Of::reference:
    what = kind.words ? "a " + llvm::join(schema::words(kind.words), " or ") : "an object";
    break;
  }
  return kind.several ? "several of " + what : what;
}

Compiled Formulas::literal(Cursor at, const syntax::Expr &expr, proto::Value value,
                           Kind kind) const {
  Compiled result;
  *result.expr.mutable_literal() = std::move(value);
  *result.expr.mutable_span() = context_.span(at, expr.extent);
  result.kind = kind;
  return result;
}

Compiled Formulas::number(Cursor at, const syntax::Expr &expr) {
  const llvm::StringRef text = context_.text(at, expr.extent);
  units::Parsed parsed = units::parse(text);
  if (!parsed) {
    Diagnostic &fault =
        context_.error(parsed.error.fault == units::Fault::overflow ? diag::N0213 : diag::N0220, at,
                       expr.extent, parsed.error.message);
    if (!parsed.error.fix.empty())
      fault.notes.push_back({parsed.error.fix, {}, {}});
    else if (parsed.error.fault == units::Fault::unknown_unit)
      fault.notes.push_back({"`man nemo-language` lists the units", {}, {}});
    fault.fix = parsed.error.suggestion;
    return fail();
  }
  Kind kind{Of::quantity, parsed.quantity->dimension, nullptr, false};
  return literal(at, expr, formula::quantity(*parsed.quantity), kind);
}

Compiled Formulas::list(Cursor at, const syntax::Expr &expr, const Scope &scope) {
  Compiled result;
  *result.expr.mutable_span() = context_.span(at, expr.extent);
  result.expr.set_op(proto::Expr::LIST);
  result.kind = {Of::any, {}, nullptr, true};
  bool ok = true;
  const syntax::Expr *first = nullptr;
  Compiled first_compiled;
  for (syntax::ExprId id : context_.file(at).operands_of(expr)) {
    Compiled item = compile(at, id, scope, named_constants_);
    const syntax::Expr &item_expr = context_.expr(at, id);
    if (!item.valid()) {
      ok = false;
      continue;
    }
    if (item.kind.several) {
      context_.error(diag::N0210, at, item_expr.extent, "a list inside a list");
      ok = false;
      continue;
    }
    if (!first) {
      first = &item_expr;
      first_compiled = item;
      result.kind = item.kind;
      result.kind.several = true;
    } else if (item.kind.of != first_compiled.kind.of ||
               item.kind.dimension != first_compiled.kind.dimension) {
      Diagnostic &fault = context_.error(
          diag::N0210, at, item_expr.extent,
          fmt::format("a list holds one kind of thing: this is {}", describe(item.kind)));
      context_.note(fault, fmt::format("the first is {}", describe(first_compiled.kind)), at,
                    first->extent);
      ok = false;
      continue;
    }
    *result.expr.add_operands() = std::move(item.expr);
  }
  return ok ? result : fail();
}

Compiled Formulas::compile(Cursor at, syntax::ExprId id, const Scope &scope, bool named_constants) {
  named_constants_ = named_constants;
  if (id == syntax::no_expr)
    return fail();
  const syntax::Expr &expr = context_.expr(at, id);
  if (!context_.spend(at, expr.extent))
    return fail();
  if (depth_ >= max_depth) {
    if (!std::exchange(too_deep_, true))
      context_.error(
          diag::N0221, at, expr.extent,
          fmt::format("a formula may nest {} deep, constants and arguments included", max_depth));
    return fail();
  }
  ++depth_;
  Compiled result = compile_one(at, expr, id, scope);
  --depth_;
  return result;
}

Compiled Formulas::compile_one(Cursor at, const syntax::Expr &expr, syntax::ExprId id,
                               const Scope &scope) {
  const auto operands = context_.file(at).operands_of(expr);
  switch (expr.kind) {
  case ExprKind::invalid:
    return fail();
  case ExprKind::number:
  case ExprKind::quantity:
    return number(at, expr);
  case ExprKind::string:
    return literal(at, expr, formula::text(syntax::unescape(context_.text(at, expr.extent))),
                   {Of::text, {}, nullptr, false});
  case ExprKind::boolean:
    return literal(at, expr, formula::boolean(context_.text(at, expr.extent) == "true"),
                   {Of::boolean, {}, nullptr, false});
  case ExprKind::reference:
    return reference(at, id, scope);
  case ExprKind::call:
    context_.error(diag::N0217, at, expr.extent,
                   "the language has no functions: a name is not followed by (");
    return fail();
  case ExprKind::list:
    return list(at, expr, scope);
  case ExprKind::parentheses:
    return compile(at, operands[0], scope, named_constants_);
  case ExprKind::negate:
  case ExprKind::logical_not:
    return prefix(at, expr, scope);
  default:
    break;
  }
  // Both operands first, so that each fault in them is told.
  const bool names = named_constants_;
  Compiled left = compile(at, operands[0], scope, names);
  Compiled right = compile(at, operands[1], scope, names);
  if (!left.valid() || !right.valid())
    return fail();
  const syntax::Expr &left_expr = context_.expr(at, operands[0]);
  const syntax::Expr &right_expr = context_.expr(at, operands[1]);
  switch (expr.kind) {
  case ExprKind::logical_and:
  case ExprKind::logical_or:
    return logical(at, expr, std::move(left), std::move(right), left_expr, right_expr);
  case ExprKind::range:
  case ExprKind::multiply:
  case ExprKind::divide:
  case ExprKind::add:
  case ExprKind::subtract:
    if (bare_words_left(at, left_expr, left) || bare_words_left(at, right_expr, right))
      return fail();
    return expr.kind == ExprKind::range ? range(at, expr, std::move(left), std::move(right))
                                        : arithmetic(at, expr, std::move(left), std::move(right));
  default:
    return comparison(at, expr, std::move(left), std::move(right), left_expr, right_expr);
  }
}

Compiled Formulas::fold(Cursor at, const syntax::Expr &expr, Compiled compiled) {
  for (const proto::Expr &operand : compiled.expr.operands())
    if (!operand.has_literal())
      return compiled;
  auto value = evaluate_constant(compiled, at, expr.extent);
  if (!value)
    return fail();
  Compiled result;
  result.kind = compiled.kind;
  *result.expr.mutable_literal() = std::move(*value);
  *result.expr.mutable_span() = context_.span(at, expr.extent);
  return result;
}

std::optional<proto::Value> Formulas::evaluate_constant(const Compiled &compiled, Cursor at,
                                                        syntax::Extent extent) {
  auto evaluated = formula::evaluate(compiled.expr, [](const proto::Ref &ref) {
    return formula::unknown(formula::to_string(ref));
  });
  if (!evaluated) {
    context_.error(diag::N0213, at, extent, llvm::toString(evaluated.takeError()));
    return std::nullopt;
  }
  return std::move(evaluated->value);
}

} // namespace nemo::check
