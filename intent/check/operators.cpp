// What operators take: dimensions fit or the fault shows both.
#include <fmt/format.h>

#include "intent/check/formulas.h"
#include "intent/units/units.h"

namespace nemo::check {

using syntax::ExprKind;
using Of = Kind::Of;

void Formulas::mismatch(Cursor at, const syntax::Expr &expr, const Compiled &left,
                        const Compiled &right, const char *doing) {
  const auto operands = context_.file(at).operands_of(expr);
  const auto shown = [&](syntax::ExprId id) {
    return shortened(fold_text(context_.text(at, context_.expr(at, id).extent)), 60);
  };
  const std::string a = shown(operands[0]), b = shown(operands[1]);
  Diagnostic &fault = context_.error(diag::N0210, at, expr.extent,
                                     fmt::format("cannot {} `{}` and `{}`: {} and {}", doing, a, b,
                                                 describe(left.kind), describe(right.kind)));
  const auto rate = [](const Kind &kind) {
    return kind.dimension == units::dimension_of("W") ||
           kind.dimension == units::dimension_of("gCO2e/h") ||
           kind.dimension == units::dimension_of("EUR/h");
  };
  for (auto [object, text, operand] :
       {std::tuple{&left, &right, operands[1]}, std::tuple{&right, &left, operands[0]}})
    if (object->kind.of == Of::reference && text->kind.of == Of::text && text->expr.has_literal() &&
        context_.expr(at, operand).kind == ExprKind::string)
      fault.fix = fmt::format("write the name without quotes: {}", text->expr.literal().text());
  if (rate(left.kind) && rate(right.kind))
    fault.fix = "give each a price, so that both are money: energy * 0.21EUR/kWh + carbon * "
                "80EUR/tCO2e";
}

Compiled Formulas::prefix(Cursor at, const syntax::Expr &expr, const Scope &scope) {
  const syntax::ExprId inner_id = context_.file(at).operands_of(expr)[0];
  const bool names = named_constants_;
  Compiled operand = compile(at, inner_id, scope, names);
  const syntax::Expr &inner = context_.expr(at, inner_id);
  if (!operand.valid() || bare_words_left(at, inner, operand))
    return fail();
  const Of wanted = expr.kind == ExprKind::negate ? Of::quantity : Of::boolean;
  if ((operand.kind.of != wanted && operand.kind.of != Of::any) || operand.kind.several) {
    context_.error(
        diag::N0210, at, inner.extent,
        fmt::format("`{}` takes {}, and this is {}", wanted == Of::quantity ? "-" : "not",
                    wanted == Of::quantity ? "a quantity" : "a condition", describe(operand.kind)));
    return fail();
  }
  Compiled result;
  result.kind = {wanted, operand.kind.dimension, nullptr, false};
  result.expr.set_op(op_of(expr.kind));
  *result.expr.mutable_span() = context_.span(at, expr.extent);
  *result.expr.add_operands() = std::move(operand.expr);
  return wanted == Of::quantity ? fold(at, expr, std::move(result)) : result;
}

Compiled Formulas::logical(Cursor at, const syntax::Expr &expr, Compiled left, Compiled right,
                           const syntax::Expr &left_expr, const syntax::Expr &right_expr) {
  bool ok = true;
  for (auto [side, side_expr] : {std::pair{&left, &left_expr}, std::pair{&right, &right_expr}}) {
    if (bare_words_left(at, *side_expr, *side)) {
      ok = false;
    } else if ((side->kind.of != Of::boolean && side->kind.of != Of::any) || side->kind.several) {
      context_.error(diag::N0210, at, side_expr->extent,
                     fmt::format("`{}` joins conditions, and this is {}",
                                 expr.kind == ExprKind::logical_and ? "and" : "or",
                                 describe(side->kind)));
      ok = false;
    }
  }
  if (!ok)
    return fail();
  Compiled result;
  result.kind = {Of::boolean, {}, nullptr, false};
  result.expr.set_op(op_of(expr.kind));
  *result.expr.mutable_span() = context_.span(at, expr.extent);
  *result.expr.add_operands() = std::move(left.expr);
  *result.expr.add_operands() = std::move(right.expr);
  return result;
}

Compiled Formulas::arithmetic(Cursor at, const syntax::Expr &expr, Compiled left, Compiled right) {
  const bool product = expr.kind == ExprKind::multiply || expr.kind == ExprKind::divide;
  const char *doing = expr.kind == ExprKind::add        ? "add"
                      : expr.kind == ExprKind::subtract ? "subtract"
                      : expr.kind == ExprKind::multiply ? "multiply"
                                                        : "divide";
  for (const Compiled *side : {&left, &right})
    if (side->kind.of != Of::quantity || side->kind.several) {
      mismatch(at, expr, left, right, doing);
      return fail();
    }
  const formula::Dimension kelvin = *formula::base_dimension("K");
  if (left.kind.dimension == kelvin || right.kind.dimension == kelvin) {
    context_.error(diag::N0210, at, expr.extent,
                   fmt::format("cannot {} temperatures: degC only compares", doing));
    return fail();
  }
  Compiled result;
  result.kind = {Of::quantity, left.kind.dimension, nullptr, false};
  if (product) {
    auto dimension = expr.kind == ExprKind::multiply
                         ? left.kind.dimension.times(right.kind.dimension)
                         : left.kind.dimension.over(right.kind.dimension);
    if (!dimension) {
      context_.error(diag::N0213, at, expr.extent, "an exponent of the dimension is beyond 30");
      return fail();
    }
    result.kind.dimension = *dimension;
  } else if (left.kind.dimension != right.kind.dimension) {
    mismatch(at, expr, left, right, doing);
    return fail();
  }
  result.expr.set_op(op_of(expr.kind));
  *result.expr.mutable_span() = context_.span(at, expr.extent);
  *result.expr.add_operands() = std::move(left.expr);
  *result.expr.add_operands() = std::move(right.expr);
  return fold(at, expr, std::move(result));
}

Compiled Formulas::range(Cursor at, const syntax::Expr &expr, Compiled low, Compiled high) {
  if (low.kind.of != Of::quantity || high.kind.of != Of::quantity || low.kind.several ||
      high.kind.several || low.kind.dimension != high.kind.dimension) {
    mismatch(at, expr, low, high, "make a range of");
    return fail();
  }
  Compiled result;
  result.kind = {Of::quantity, low.kind.dimension, nullptr, true};
  result.expr.set_op(proto::Expr::RANGE);
  *result.expr.mutable_span() = context_.span(at, expr.extent);
  *result.expr.add_operands() = std::move(low.expr);
  *result.expr.add_operands() = std::move(high.expr);
  const auto &ends = result.expr.operands();
  if (ends[0].has_literal() && ends[1].has_literal()) {
    auto a = formula::from_proto(ends[0].literal().quantity());
    auto b = formula::from_proto(ends[1].literal().quantity());
    if (a && b && a->value > b->value) {
      context_.error(
          diag::N0206, at, expr.extent,
          fmt::format("the range is empty: {} is more than {}", units::print(*a), units::print(*b)),
          units::print(*b) + ".." + units::print(*a));
      return fail();
    }
  }
  return result;
}

Compiled Formulas::comparison(Cursor at, const syntax::Expr &expr, Compiled left, Compiled right,
                              const syntax::Expr &left_expr, const syntax::Expr &right_expr) {
  const bool member = expr.kind == ExprKind::in || expr.kind == ExprKind::not_in;
  const bool ordered = expr.kind == ExprKind::less || expr.kind == ExprKind::less_equal ||
                       expr.kind == ExprKind::greater || expr.kind == ExprKind::greater_equal;
  const char *doing = member ? "look for one in the other of" : "compare";
  const auto operands = context_.file(at).operands_of(expr);
  for (auto [side, id] : {std::pair{&left, operands[1]}, std::pair{&right, operands[0]}})
    if (side->kind.of == Of::word && side->kind.words)
      claim_words(side->kind.words, at, id);
  const auto bare = [](const Compiled &side) {
    return side.kind.of == Of::word && !side.kind.words;
  };
  // One side says what bare words on the other mean.
  if (bare(left) && !settle(at, left_expr, left, right.kind))
    return fail();
  if (bare(right) && !settle(at, right_expr, right, left.kind))
    return fail();

  if (member && !right.kind.several && right.kind.of != Of::any) {
    context_.error(
        diag::N0210, at, right_expr.extent,
        fmt::format("`in` looks in a list or a range, and this is {}", describe(right.kind)),
        "[" + context_.text(at, right_expr.extent).str() + "]");
    return fail();
  }
  if (left.kind.several || (!member && right.kind.several)) {
    const syntax::Expr &wrong = left.kind.several ? left_expr : right_expr;
    context_.error(diag::N0210, at, wrong.extent,
                   fmt::format("this is {}; look in it with `in`",
                               describe(left.kind.several ? left.kind : right.kind)));
    return fail();
  }
  const bool loose = left.kind.of == Of::any || right.kind.of == Of::any;
  const auto textual = [](const Kind &kind) { return kind.of == Of::text || kind.of == Of::word; };
  const bool alike = left.kind.of == right.kind.of || (textual(left.kind) && textual(right.kind));
  if (!loose && (!alike || left.kind.dimension != right.kind.dimension)) {
    mismatch(at, expr, left, right, doing);
    return fail();
  }
  if (ordered)
    for (auto [side, side_expr] : {std::pair{&left, &left_expr}, std::pair{&right, &right_expr}})
      if (side->kind.of != Of::quantity && side->kind.of != Of::any) {
        context_.error(
            diag::N0210, at, side_expr->extent,
            fmt::format("only quantities have an order, and this is {}", describe(side->kind)));
        return fail();
      }
  // A text beside an enumerator must be one of its words: `node.class == "egde"` is never true.
  for (auto [side, other, side_expr] :
       {std::tuple{&left, &right, &left_expr}, std::tuple{&right, &left, &right_expr}})
    if (other->kind.of == Of::word && other->kind.words && side->kind.of == Of::text)
      if (side->expr.has_literal() &&
          !schema::has_word(other->kind.words, side->expr.literal().text())) {
        std::string fix;
        const auto words = schema::words(other->kind.words);
        const std::string hint = suggestion(side->expr.literal().text(), words, fix);
        context_.error(
            diag::N0208, at, side_expr->extent,
            fmt::format("\"{}\" is not possible here{}", side->expr.literal().text(), hint), fix);
        return fail();
      }
  Compiled result;
  result.kind = {Of::boolean, {}, nullptr, false};
  result.expr.set_op(op_of(expr.kind));
  *result.expr.mutable_span() = context_.span(at, expr.extent);
  *result.expr.add_operands() = std::move(left.expr);
  *result.expr.add_operands() = std::move(right.expr);
  return result;
}

} // namespace nemo::check
