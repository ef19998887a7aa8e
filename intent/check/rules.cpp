// Rules: which verbs and clauses a block takes, and the compiled formula with its window and
// weight.
#include <fmt/format.h>

#include "intent/check/blocks.h"
#include "intent/units/units.h"

namespace nemo::check {

namespace {

constexpr const char *verb_names[] = {"",         "require",  "prefer", "deny",
                                      "minimize", "maximize", "when"};
constexpr const char *clause_names[] = {"over", "for", "weight", "where", "else"};

constexpr schema::Attribute window{.name = "the window",
                                   .type = schema::Type::quantity,
                                   .dimension = "s",
                                   .min = "1ms",
                                   .max = "3650d",
                                   .doc = "A time.",
                                   .example = "over 5min"};
constexpr schema::Attribute weight{.name = "weight",
                                   .type = schema::Type::number,
                                   .min = "0",
                                   .max = "1000000",
                                   .doc = "How much it counts.",
                                   .example = "weight 2"};

uint8_t verb_bit(syntax::Verb verb) { return 1u << (static_cast<unsigned>(verb) - 1); }
uint8_t clause_bit(syntax::ClauseKind kind) { return 1u << static_cast<unsigned>(kind); }

} // namespace

Scope Blocks::scope_of(const schema::Block &block) const {
  return {block.roots ? block.roots : "", fmt::format("`{}`", block.name)};
}

void Blocks::rule(TypedBlock &block, Cursor at, const syntax::Stmt &statement,
                  const std::string &owner) {
  const schema::Block &schema = *block.schema;
  const char *verb = verb_names[static_cast<unsigned>(statement.verb)];
  if (!(schema.verbs & verb_bit(statement.verb))) {
    std::vector<std::string> verbs;
    for (unsigned bit = 0; bit < 6; ++bit)
      if (schema.verbs & (1u << bit))
        verbs.push_back(verb_names[bit + 1]);
    Diagnostic &fault =
        context_.error(diag::N0212, at, statement.verb_extent,
                       fmt::format("`{}` has no meaning in `{}`", verb, schema.name));
    fault.notes.push_back({verbs.empty() ? std::string("it takes no rules")
                                         : "its rules begin with " + llvm::join(verbs, ", "),
                           {},
                           {}});
    block.faulty = true;
    return;
  }
  const Scope scope = scope_of(schema);
  TypedRule out;
  out.at = at;
  out.extent = statement.extent;
  out.rule.set_verb(static_cast<proto::Rule::Verb>(statement.verb));
  out.rule.set_owner(owner);
  out.rule.set_text(fold_text(context_.text(at, statement.extent)));
  *out.rule.mutable_span() = context_.span(at, statement.extent);

  Compiled formula = formulas_.compile(at, statement.value, scope);
  bool ok = formula.valid() &&
            !formulas_.bare_words_left(at, context_.expr(at, statement.value), formula);
  if (ok) {
    const syntax::Extent extent = context_.expr(at, statement.value).extent;
    const bool figure =
        statement.verb == syntax::Verb::minimize || statement.verb == syntax::Verb::maximize;
    const auto wanted = figure ? Kind::Of::quantity : Kind::Of::boolean;
    if ((formula.kind.of != wanted && formula.kind.of != Kind::Of::any) || formula.kind.several) {
      context_.error(diag::N0210, at, extent,
                     fmt::format("`{}` takes {}, and this is {}", verb,
                                 figure ? "a quantity" : "a condition",
                                 Formulas::describe(formula.kind)));
      ok = false;
    }
    out.dimension = formula.kind.dimension;
    *out.rule.mutable_formula() = std::move(formula.expr);
  }
  uint8_t seen = 0;
  for (const syntax::Clause &clause : context_.file(at).clauses_of(statement)) {
    if (seen & clause_bit(clause.kind)) {
      context_.error(
          diag::N0203, at, clause.extent,
          fmt::format("`{}` is given twice", clause_names[static_cast<unsigned>(clause.kind)]));
      ok = false;
      continue;
    }
    seen |= clause_bit(clause.kind);
    ok &= this->clause(block, out, at, clause);
  }
  if (!ok) {
    block.faulty = true;
    return;
  }
  refuse_constant(out, at, statement, scope);
  block.rules.push_back(std::move(out));
}

bool Blocks::clause(TypedBlock &block, TypedRule &out, Cursor at, const syntax::Clause &clause) {
  const schema::Block &schema = *block.schema;
  const char *name = clause_names[static_cast<unsigned>(clause.kind)];
  if (!(schema.clauses & clause_bit(clause.kind))) {
    std::vector<std::string> known;
    for (unsigned bit = 0; bit < 5; ++bit)
      if (schema.clauses & (1u << bit))
        known.push_back(clause_names[bit]);
    context_
        .error(diag::N0212, at, clause.extent,
               fmt::format("`{}` has no meaning for rules in `{}`", name, schema.name))
        .notes.push_back({known.empty() ? std::string("they take no clauses")
                                        : "they take " + llvm::join(known, ", "),
                          {},
                          {}});
    return false;
  }
  if (clause.value == syntax::no_expr)
    return false;
  switch (clause.kind) {
  case syntax::ClauseKind::over:
  case syntax::ClauseKind::hold:
  case syntax::ClauseKind::weight: {
    const bool number = clause.kind == syntax::ClauseKind::weight;
    const bool hard =
        out.rule.verb() == proto::Rule::REQUIRE || out.rule.verb() == proto::Rule::DENY;
    if (number && hard) {
      context_.error(
          diag::N0212, at, clause.extent,
          "`weight` has no meaning for `require` and `deny`: they hold whatever they weigh",
          "take the weight away, or say `prefer`");
      return false;
    }
    auto value = values_.typed(number ? weight : window, at, clause.value);
    if (!value)
      return false;
    proto::Quantity *to = clause.kind == syntax::ClauseKind::over   ? out.rule.mutable_over()
                          : clause.kind == syntax::ClauseKind::hold ? out.rule.mutable_hold()
                                                                    : out.rule.mutable_weight();
    *to = value->quantity();
    return true;
  }
  case syntax::ClauseKind::where: {
    Scope scope = scope_of(schema);
    const std::string roots = std::string(scope.roots) + "|workload|tenant|node|site|flow";
    scope.roots = roots.c_str();
    Compiled formula = formulas_.compile(at, clause.value, scope);
    if (!formula.valid())
      return false;
    if (formula.kind.of != Kind::Of::boolean && formula.kind.of != Kind::Of::any) {
      context_.error(diag::N0210, at, context_.expr(at, clause.value).extent,
                     fmt::format("`where` takes a condition, and this is {}",
                                 Formulas::describe(formula.kind)));
      return false;
    }
    *out.rule.mutable_where() = std::move(formula.expr);
    return true;
  }
  case syntax::ClauseKind::otherwise: {
    auto target = formulas_.resolve(at, clause.value);
    if (!target)
      return false;
    const syntax::Expr &expr = context_.expr(target->first, target->second);
    schema::Attribute action{.name = "else",
                             .type = expr.kind == syntax::ExprKind::reference && schema.actions
                                         ? schema::Type::enumerator
                                         : schema::Type::text,
                             .words = schema.actions,
                             .doc = "What is said or done.",
                             .example = "else \"why\""};
    auto value = values_.typed(action, target->first, target->second);
    if (!value)
      return false;
    *out.rule.mutable_otherwise()->mutable_literal() = std::move(*value);
    *out.rule.mutable_otherwise()->mutable_span() =
        context_.span(at, context_.expr(at, clause.value).extent);
    return true;
  }
  }
  return false;
}

/// A condition over constants alone is decided now; one that can never hold is a fault.
void Blocks::refuse_constant(const TypedRule &rule, Cursor at, const syntax::Stmt &statement,
                             const Scope &scope) {
  const proto::Rule::Verb verb = rule.rule.verb();
  if ((verb != proto::Rule::REQUIRE && verb != proto::Rule::DENY) ||
      !formula::references(rule.rule.formula()).empty())
    return;
  Compiled named = formulas_.compile(at, statement.value, scope, /*named_constants=*/true);
  if (!named.valid())
    return;
  auto evaluated = formula::evaluate(
      named.expr, [&](const proto::Ref &ref) { return formulas_.named_value(at, ref); },
      /*with_parts=*/true);
  const syntax::Extent extent = context_.expr(at, statement.value).extent;
  if (!evaluated) {
    context_.error(diag::N0213, at, extent, llvm::toString(evaluated.takeError()));
    return;
  }
  const bool wrong = verb == proto::Rule::REQUIRE ? evaluated->is_false() : evaluated->is_true();
  if (!wrong)
    return;
  context_
      .error(diag::N0218, at, extent,
             verb == proto::Rule::REQUIRE ? "this can never hold" : "this denies everything")
      .notes.push_back(
          {formula::explain(context_.text(at, extent), named.expr, *evaluated), {}, {}});
}

} // namespace nemo::check
