#include "compiler/plan/assemble/weigh.h"

#include <fmt/format.h>

#include "base/error.h"
#include "compiler/explain/texts.h"
#include "compiler/policy/explain.h"
#include "compiler/resolve/report.h"

namespace nemo::compiler {

namespace {

/// The names of a formula with their values; of a figure with bounds, both.
std::string shown_parts(const formula::Evaluation &evaluation, const Predictions &figures) {
  std::vector<std::pair<std::string, std::string>> shown;
  for (const formula::Part &piece : evaluation.parts) {
    if (piece.text.empty())
      continue;
    const auto figure = figures.find(piece.text);
    const bool range =
        figure != figures.end() && figure->second.bounded &&
        figure->second.low.SerializeAsString() != figure->second.high.SerializeAsString();
    shown.emplace_back(piece.text, range ? explain::bounds(figure->second.low, figure->second.high)
                                         : formula::to_string(piece.value));
  }
  return explain::detail_parts(shown);
}

/// Predicted value, limit and margin of "figure <= limit" and its like.
void compare(const proto::Expr &part, const Predictions &figures, formula::Lookup others,
             proto::Expectation &entry) {
  if (part.operands_size() != 2)
    return;
  const bool upper = part.op() == proto::Expr::LE || part.op() == proto::Expr::LT;
  const bool lower = part.op() == proto::Expr::GE || part.op() == proto::Expr::GT;
  if (!upper && !lower)
    return;
  const bool left = asks(part.operands(0), Supplier::figure);
  if (left == asks(part.operands(1), Supplier::figure))
    return;
  const auto limit = range_of(part.operands(left ? 1 : 0), figures, others);
  if (limit)
    *entry.mutable_limit() = formula::to_proto(limit->first);
  const auto predicted = range_of(part.operands(left ? 0 : 1), figures, others);
  if (!predicted)
    return;
  // The end that is worse for the author: the high one of what must stay below.
  const bool below = (upper == left) != (entry.verb() == "deny");
  const formula::Quantity &worse = below ? predicted->second : predicted->first;
  *entry.mutable_predicted() = formula::to_proto(worse);
  bool bounded = false;
  for (const auto &[name, figure] : figures)
    bounded |= figure.bounded;
  if (bounded) {
    *entry.mutable_predicted_low() = formula::to_proto(predicted->first);
    *entry.mutable_predicted_high() = formula::to_proto(predicted->second);
  }
  if (!limit || limit->first.value.is_zero())
    return;
  const auto rest =
      upper == left ? limit->first.value.minus(worse.value) : worse.value.minus(limit->first.value);
  const auto share = rest ? rest->over(limit->first.value) : std::nullopt;
  if (share)
    entry.set_margin(share->to_double());
}

std::string detail(const Outcome &outcome, const Predictions &figures,
                   const std::string &no_model) {
  if (!no_model.empty())
    return explain::detail_no_model(no_model);
  if (!outcome.unbounded.empty())
    return outcome.unbounded;
  if (!outcome.missing.empty() && !outcome.holds)
    return explain::detail_missing(outcome.missing);
  return shown_parts(outcome.shown, figures);
}

Diagnostic refusal(const proto::Rule &rule, const proto::Expr &part,
                   const proto::Expectation &entry, const Outcome &outcome,
                   const proto::Intent &intent) {
  const std::string source = source_of(intent, part, rule.text());
  const bool open = !entry.has_met() && outcome.missing.empty();
  Diagnostic fault =
      entry.has_met()
          ? report(diag::N0604,
                   fmt::format("{} does not hold: {} {}", entry.object(), entry.verb(), source),
                   intent, rule.span())
          : report(diag::N0605,
                   fmt::format("{} requires {}, which {}", entry.object(), entry.name(),
                               open ? "is only predicted within bounds that do not decide it"
                                    : "cannot be predicted"),
                   intent, rule.span());
  if (entry.has_met() && outcome.unbounded.empty())
    fault.notes.push_back(note(formula::explain(source, part, outcome.shown)));
  fault.notes.push_back(note(entry.detail()));
  if (!else_text(rule).empty())
    fault.notes.push_back(note(else_text(rule)));
  fault.fix =
      !outcome.unbounded.empty() ? "add replicas, let each work on more at once, or take load away"
      : entry.has_met() ? "loosen the limit, ask for less, or offer nodes that are better by it"
      : open            ? "loosen the limit until all of the bounds satisfy it, or write `prefer`"
                        : "say the missing fact, or write `prefer` instead of `require`";
  return fault;
}

} // namespace

Weighed weigh(const proto::Rule &rule, const proto::Expr &part, const std::string &object,
              const Predictions &figures, const Subject &subject) {
  Weighed result;
  proto::Expectation entry;
  entry.set_object(object);
  entry.set_target(rule.text());
  entry.set_verb(rule.verb() == proto::Rule::PREFER ? "prefer"
                 : rule.verb() == proto::Rule::DENY ? "deny"
                                                    : "require");
  *entry.mutable_span() = rule.span();
  std::string no_model;
  for (const proto::Ref *ref : formula::references(part))
    if (supplier(*ref) == Supplier::figure) {
      const std::string name = formula::to_string(*ref);
      if (entry.name().empty())
        entry.set_name(name);
      if (figures.at(name).model.empty() && no_model.empty())
        no_model = name;
    }
  auto others = [&](const proto::Ref &ref) { return lookup(ref, subject); };
  auto outcome = decide(part, figures, others);
  if (!outcome) {
    result.fault = report(
        diag::N0511, fmt::format("this rule has no value: {}", llvm::toString(outcome.takeError())),
        *subject.intent, rule.span());
    return result;
  }
  compare(part, figures, others, entry);
  if (entry.name().empty()) { // a rule about something that is no figure
    if (const auto names = formula::references(part); !names.empty())
      entry.set_name(formula::to_string(*names.front()));
  } else if (no_model.empty()) {
    entry.set_model(figures.at(entry.name()).model);
  }
  if (outcome->holds)
    entry.set_met(*outcome->holds != (rule.verb() == proto::Rule::DENY));
  entry.set_detail(detail(*outcome, figures, no_model));
  if (rule.verb() != proto::Rule::PREFER && !(entry.has_met() && entry.met()))
    result.fault = refusal(rule, part, entry, *outcome, *subject.intent);
  result.expectation = std::move(entry);
  return result;
}

} // namespace nemo::compiler
