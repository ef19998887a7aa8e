// Formulas over figures with bounds: each choice of ends is tried.
#include "compiler/verify/predicted.h"

#include "base/error.h"

namespace nemo::verify {

namespace {

bool is_point(const Predicted &figure) {
  return figure.low.SerializeAsString() == figure.high.SerializeAsString();
}

std::set<std::string> wide_figures(const proto::Expr &formula, const Predictions &figures) {
  std::set<std::string> wide;
  for (const proto::Ref *ref : formula::references(formula))
    if (is_predicted(*ref)) {
      const auto found = figures.find(formula::to_string(*ref));
      if (found != figures.end() && !is_point(found->second))
        wide.insert(found->first);
    }
  return wide;
}

/// Every set of figures that may stand at their high ends; none where there are too many: as many
/// as the compiler decides.
std::vector<std::set<std::string>> choices_of_ends(const proto::Expr &formula,
                                                   const Predictions &figures) {
  const std::set<std::string> wide = wide_figures(formula, figures);
  if (wide.size() > 8)
    return {};
  std::vector<std::set<std::string>> choices = {{}};
  for (const std::string &name : wide)
    for (size_t i = choices.size(); i-- > 0;) {
      std::set<std::string> with = choices[i];
      with.insert(name);
      choices.push_back(std::move(with));
    }
  return choices;
}

bool has_equality_of_figures(const proto::Expr &formula) {
  const auto op = formula.op();
  if ((op == proto::Expr::EQ || op == proto::Expr::NE || op == proto::Expr::IN ||
       op == proto::Expr::NOT_IN) &&
      asks_predicted(formula))
    return true;
  for (const proto::Expr &operand : formula.operands())
    if (has_equality_of_figures(operand))
      return true;
  return false;
}

/// A bare figure on one side of an order, a constant on the other.
std::optional<bool> against_infinity(const proto::Expr &formula) {
  if (formula.operands_size() != 2)
    return std::nullopt;
  const int side = asks_predicted(formula.operands(0)) ? 0 : 1;
  if (!formula.operands(side).has_ref() || !asks_predicted(formula.operands(side)) ||
      !formula::references(formula.operands(1 - side)).empty())
    return std::nullopt;
  switch (formula.op()) {
  case proto::Expr::LE:
  case proto::Expr::LT:
    return side == 1;
  case proto::Expr::GE:
  case proto::Expr::GT:
    return side == 0;
  default:
    return std::nullopt;
  }
}

/// Relative distance of two positive numbers at most 1/1000.
bool near(const Rational &a, const Rational &b) {
  const double x = a.to_double(), y = b.to_double();
  const double distance = x < y ? y - x : x - y, size = x < y ? y : x;
  return distance <= size * 0.001;
}

} // namespace

bool close(const Predicted &own, const proto::Quantity &low, const proto::Quantity &high) {
  auto agree = [&](const proto::Value &mine, const proto::Quantity &claimed) {
    const auto theirs = formula::from_proto(claimed);
    const auto ours = mine.has_quantity() ? formula::from_proto(mine.quantity()) : std::nullopt;
    if (!theirs || !ours || theirs->dimension != ours->dimension || theirs->unit != ours->unit)
      return false;
    if (near(theirs->value, ours->value) && ours->dimension != formula::Dimension())
      return true;
    const auto left = Rational(1).minus(theirs->value), mine_left = Rational(1).minus(ours->value);
    return theirs->value == ours->value ||
           (ours->dimension == formula::Dimension() && left && mine_left && left->sign() >= 0 &&
            near(*left, *mine_left));
  };
  return agree(own.low, low) && agree(own.high, high);
}

llvm::Expected<formula::Evaluation> evaluate_at(const proto::Expr &formula,
                                                const Predictions &figures,
                                                const std::set<std::string> &raised,
                                                formula::Lookup others) {
  return formula::evaluate(
      formula,
      [&](const proto::Ref &ref) {
        if (!is_predicted(ref))
          return others(ref);
        const Predicted &figure = figures.at(formula::to_string(ref));
        return raised.count(formula::to_string(ref)) ? figure.high : figure.low;
      },
      /*with_parts=*/true);
}

llvm::Expected<std::optional<bool>> holds(const proto::Expr &formula, const Predictions &figures,
                                          formula::Lookup others) {
  for (const auto &[name, figure] : figures)
    if (!figure.unbounded.empty())
      if (const auto verdict = against_infinity(formula))
        return verdict;
  const auto choices = choices_of_ends(formula, figures);
  if (choices.empty())
    return std::optional<bool>();
  size_t yes = 0, no = 0;
  for (const auto &raised : choices) {
    auto result = evaluate_at(formula, figures, raised, others);
    if (!result)
      return result.takeError();
    yes += result->is_true();
    no += result->is_false();
  }
  if (choices.size() > 1 && has_equality_of_figures(formula))
    return std::optional<bool>();
  if (yes == choices.size() || no == choices.size())
    return std::optional<bool>(yes != 0);
  return std::optional<bool>();
}

std::optional<std::pair<proto::Quantity, proto::Quantity>>
extremes(const proto::Expr &formula, const Predictions &figures, formula::Lookup others) {
  std::optional<std::pair<proto::Quantity, proto::Quantity>> ends;
  for (const auto &raised : choices_of_ends(formula, figures)) {
    auto result = evaluate_at(formula, figures, raised, others);
    if (!result) {
      llvm::consumeError(result.takeError());
      return std::nullopt;
    }
    if (!result->value.has_quantity())
      return std::nullopt;
    const proto::Quantity &value = result->value.quantity();
    const auto number = formula::from_proto(value);
    if (!number)
      return std::nullopt;
    if (!ends)
      ends.emplace(value, value);
    if (number->value < formula::from_proto(ends->first)->value)
      ends->first = value;
    if (number->value > formula::from_proto(ends->second)->value)
      ends->second = value;
  }
  return ends;
}

} // namespace nemo::verify
