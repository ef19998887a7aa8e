#include "compiler/plan/assemble/prediction.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "compiler/resolve/names.h"

namespace nemo::compiler {

namespace {

constexpr size_t most_bounded = 8; ///< figures with bounds in one formula: 2^8 corners

bool same(const proto::Value &a, const proto::Value &b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

/// The figures of a formula of which there are two ends.
std::vector<std::string> open_figures(const proto::Expr &formula, const Predictions &figures) {
  std::vector<std::string> names;
  for (const proto::Ref *ref : formula::references(formula)) {
    const auto found = figures.find(formula::to_string(*ref));
    if (supplier(*ref) == Supplier::figure && found != figures.end() &&
        !same(found->second.low, found->second.high) &&
        std::find(names.begin(), names.end(), found->first) == names.end())
      names.push_back(found->first);
  }
  return names;
}

/// A value of each figure: the high end for those of `open` whose bit is set.
class Corner {
public:
  Corner(const Predictions &figures, const std::vector<std::string> &open, size_t bits,
         formula::Lookup others)
      : figures_(figures), open_(open), bits_(bits), others_(others) {}

  proto::Value operator()(const proto::Ref &ref) const {
    if (supplier(ref) != Supplier::figure)
      return others_(ref);
    const std::string name = formula::to_string(ref);
    const auto found = figures_.find(name);
    if (found == figures_.end())
      return formula::unknown(name);
    for (size_t i = 0; i < open_.size(); ++i)
      if (open_[i] == name && (bits_ >> i & 1))
        return found->second.high;
    return found->second.low;
  }

private:
  const Predictions &figures_;
  const std::vector<std::string> &open_;
  size_t bits_;
  formula::Lookup others_;
};

/// Whether it asks for equality, which corners do not decide.
bool compares_for_equality(const proto::Expr &formula) {
  switch (formula.op()) {
  case proto::Expr::EQ:
  case proto::Expr::NE:
  case proto::Expr::IN:
  case proto::Expr::NOT_IN:
    return asks(formula, Supplier::figure);
  default:
    break;
  }
  for (const proto::Expr &operand : formula.operands())
    if (compares_for_equality(operand))
      return true;
  return false;
}

/// A figure without bound compared with a constant: above every upper limit.
std::optional<bool> beyond(const proto::Expr &formula) {
  const bool upper = formula.op() == proto::Expr::LE || formula.op() == proto::Expr::LT;
  const bool lower = formula.op() == proto::Expr::GE || formula.op() == proto::Expr::GT;
  if (formula.operands_size() != 2 || (!upper && !lower))
    return std::nullopt;
  const bool left = asks(formula.operands(0), Supplier::figure);
  if (left == asks(formula.operands(1), Supplier::figure) || !formula.operands(!left).has_ref() ||
      !formula::references(formula.operands(left)).empty())
    return std::nullopt;
  return lower == left;
}

} // namespace

Prediction Prediction::unknown(std::string model, const std::string &missing) {
  return exact(std::move(model), formula::unknown(missing));
}

Prediction Prediction::exact(std::string model, const proto::Value &value) {
  Prediction result;
  result.model = std::move(model);
  result.low = result.high = value;
  return result;
}

llvm::Expected<Outcome> decide(const proto::Expr &formula, const Predictions &figures,
                               formula::Lookup others) {
  const std::vector<std::string> open = open_figures(formula, figures);
  Outcome outcome;
  bool yes = true, no = true;
  const size_t corners = size_t{1} << std::min(open.size(), most_bounded);
  for (size_t bits = 0; bits < corners; ++bits) {
    auto value = formula::evaluate(formula, Corner(figures, open, bits, others), bits == 0);
    if (!value)
      return value.takeError();
    if (value->is_unknown() && outcome.missing.empty())
      outcome.missing = value->value.unknown();
    yes &= value->is_true();
    no &= value->is_false();
    if (bits == 0)
      outcome.shown = std::move(*value);
  }
  if ((yes || no) && open.size() <= most_bounded &&
      (open.empty() || !compares_for_equality(formula)))
    outcome.holds = yes;
  for (const proto::Ref *ref : formula::references(formula))
    if (const auto found = figures.find(formula::to_string(*ref));
        found != figures.end() && !found->second.unbounded.empty() && outcome.unbounded.empty()) {
      outcome.unbounded = found->second.unbounded;
      if (!outcome.holds)
        outcome.holds = beyond(formula);
    }
  return outcome;
}

std::optional<std::pair<formula::Quantity, formula::Quantity>>
range_of(const proto::Expr &side, const Predictions &figures, formula::Lookup others) {
  const std::vector<std::string> open = open_figures(side, figures);
  if (open.size() > most_bounded)
    return std::nullopt;
  std::optional<std::pair<formula::Quantity, formula::Quantity>> range;
  for (size_t bits = 0; bits < size_t{1} << open.size(); ++bits) {
    auto value = formula::evaluate(side, Corner(figures, open, bits, others));
    if (!value) {
      llvm::consumeError(value.takeError());
      return std::nullopt;
    }
    const auto quantity =
        value->value.has_quantity() ? formula::from_proto(value->value.quantity()) : std::nullopt;
    if (!quantity)
      return std::nullopt;
    if (!range)
      range.emplace(*quantity, *quantity);
    if (quantity->value < range->first.value)
      range->first = *quantity;
    if (quantity->value > range->second.value)
      range->second = *quantity;
  }
  return range;
}

} // namespace nemo::compiler
