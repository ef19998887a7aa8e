// Linear extraction: a formula is a constant, a figure, or a sum, difference, product with a
// constant, or quotient by a constant of such. Anything else is refused, with the part that is not.
#include "compiler/placement/objective.h"

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include <fmt/format.h>

#include "base/error.h"
#include "compiler/explain/texts.h"
#include "compiler/resolve/report.h"
#include "compiler/resolve/suspend.h"

namespace nemo::compiler {

namespace {

constexpr std::array<const char *, 3> figure_names = {"energy", "carbon", "cost"};
constexpr std::array<const char *, 3> figure_dimensions = {"J s^-1", "gCO2e s^-1", "EUR s^-1"};

// A coefficient, with the dimension of the whole term.
struct Term {
  Rational weight;
  formula::Dimension dimension;
};

struct Linear {
  std::optional<formula::Quantity> constant; ///< either this or terms
  std::map<int, Term> terms;
  std::string missing;
  std::string fault; ///< why it is not linear
};

Linear fault(std::string text) {
  Linear result;
  result.fault = std::move(text);
  return result;
}

int figure_of(const proto::Expr &formula) {
  if (formula.has_ref() && formula.ref().path_size() == 1)
    for (int i = 0; i < 3; ++i)
      if (formula.ref().path(0) == figure_names[static_cast<size_t>(i)])
        return i;
  return -1;
}

Linear scale(Linear terms, const formula::Quantity &factor, bool divide) {
  for (auto &[figure, term] : terms.terms) {
    auto weight = divide ? term.weight.over(factor.value) : term.weight.times(factor.value);
    auto dimension =
        divide ? term.dimension.over(factor.dimension) : term.dimension.times(factor.dimension);
    if (!weight || !dimension)
      return fault("a weight does not fit, or divides by zero");
    term = {*weight, *dimension};
  }
  return terms;
}

Linear extract(const proto::Expr &formula, const Subject &subject) {
  if (!asks(formula, Supplier::figure)) {
    auto value =
        formula::evaluate(formula, [&](const proto::Ref &ref) { return lookup(ref, subject); });
    if (!value)
      return fault(llvm::toString(value.takeError()));
    Linear result;
    if (value->is_unknown()) {
      result.missing = value->value.unknown();
      result.constant = formula::Quantity{};
      return result;
    }
    if (value->value.has_quantity())
      result.constant = formula::from_proto(value->value.quantity());
    return result.constant ? result : fault("a part of it is no quantity");
  }
  if (int figure = figure_of(formula); figure >= 0) {
    Linear result;
    auto dimension = formula::Dimension::parse(figure_dimensions[static_cast<size_t>(figure)]);
    result.terms[figure] = {Rational(1), dimension.value_or(formula::Dimension{})};
    return result;
  }
  if (formula.has_ref())
    return fault(formula::to_string(formula.ref()) + " is not predicted by a model that adds up");
  std::vector<Linear> parts;
  std::string missing;
  for (const proto::Expr &operand : formula.operands()) {
    parts.push_back(extract(operand, subject));
    if (!parts.back().fault.empty())
      return parts.back();
    if (missing.empty())
      missing = parts.back().missing;
  }
  Linear result;
  switch (formula.op()) {
  case proto::Expr::NEG:
    result = scale(std::move(parts[0]), {Rational(-1), {}, {}}, false);
    break;
  case proto::Expr::ADD:
  case proto::Expr::SUB: {
    if (parts[0].constant || parts[1].constant)
      return fault("a constant that is added changes nothing; leave it out");
    if (formula.op() == proto::Expr::SUB)
      parts[1] = scale(std::move(parts[1]), {Rational(-1), {}, {}}, false);
    result = std::move(parts[0]);
    for (auto &[figure, term] : parts[1].terms) {
      auto [known, fresh] = result.terms.try_emplace(figure, term);
      if (fresh)
        continue;
      auto sum = known->second.weight.plus(term.weight);
      if (!sum || known->second.dimension != term.dimension)
        return fault("its parts have unlike dimensions, or do not fit");
      known->second.weight = *sum;
    }
    break;
  }
  case proto::Expr::MUL:
    if (!parts[0].constant && !parts[1].constant)
      return fault("figures are multiplied with each other");
    result = parts[0].constant ? scale(parts[1], *parts[0].constant, false)
                               : scale(parts[0], *parts[1].constant, false);
    break;
  case proto::Expr::DIV:
    if (!parts[1].constant)
      return fault("it divides by a figure");
    if (!parts[1].missing.empty())
      parts[1].constant->value = Rational(1);
    result = scale(parts[0], *parts[1].constant, true);
    break;
  default:
    return fault("it is no sum of figures with weights");
  }
  result.missing = missing;
  return result;
}

struct Reader {
  const proto::Intent &intent;
  const std::vector<NodeView> &nodes;
  Objective result;
  std::optional<formula::Dimension> dimension;
  const proto::Rule *first = nullptr;

  bool refuse(const diag::Entry &entry, const proto::Rule &rule, std::string message,
              std::string cause, std::string fix) {
    for (const Diagnostic &known : result.diagnostics)
      if (known.range.begin == rule.span().begin() && known.id == entry.id)
        return false;
    Diagnostic refusal = report(entry, std::move(message), intent, rule.span());
    refusal.notes.push_back(note(std::move(cause)));
    refusal.fix = std::move(fix);
    result.diagnostics.push_back(std::move(refusal));
    return false;
  }

  // Adds one rule's terms to what is known of (workload, node). False after a refusal.
  bool add(const proto::Objective &objective, const proto::Rule &rule, const Subject &subject,
           Weights &weights) {
    Linear linear = extract(rule.formula(), subject);
    if (linear.fault.empty() && linear.constant)
      linear.fault = "it names no figure (energy, carbon, cost)";
    if (!linear.fault.empty())
      return refuse(diag::N0505, rule, "this objective is not linear in energy, carbon and cost",
                    linear.fault,
                    "write a sum of figures, each with a price: energy * "
                    "0.21EUR/kWh + carbon * 80EUR/tCO2e");
    for (const proto::Quantity *weight : {&rule.weight(), &objective.weight()})
      if (!weight->num().empty())
        if (auto factor = formula::from_proto(*weight))
          linear = scale(std::move(linear), *factor, false);
    const bool negative = rule.verb() == proto::Rule::MAXIMIZE;
    if (weights.missing.empty())
      weights.missing = linear.missing;
    for (auto &[figure, term] : linear.terms) {
      if (linear.missing.empty()) {
        if (!dimension) {
          dimension = term.dimension;
          first = &rule;
        } else if (*dimension != term.dimension) {
          return refuse(diag::N0506, rule, "objectives of unlike dimensions cannot be added up",
                        fmt::format("{} is in {}, {} is in {}", first->text(), dimension->name(),
                                    rule.text(), term.dimension.name()),
                        "give prices that bring all of them to money: carbon * 80EUR/tCO2e");
        }
      }
      Rational &slot = figure == 0 ? weights.energy : figure == 1 ? weights.carbon : weights.cost;
      auto sum = negative ? slot.minus(term.weight) : slot.plus(term.weight);
      if (!linear.fault.empty() || !sum)
        return refuse(diag::N0505, rule, "the weights of this objective do not fit",
                      "a weight is beyond 128 bits", "use fewer digits");
      slot = *sum;
    }
    return true;
  }
};

Objective read_formulas(const proto::Intent &intent, const std::vector<NodeView> &nodes) {
  const auto euro = formula::Dimension::parse("EUR s^-1");
  Reader reader{intent, nodes, {}, {}, nullptr};
  std::vector<std::pair<const proto::Objective *, const proto::Rule *>> rules;
  bool asks_nodes = false;
  for (const proto::Objective &objective : intent.objectives())
    for (const proto::Rule &rule : objective.rules())
      if (rule.verb() == proto::Rule::MINIMIZE || rule.verb() == proto::Rule::MAXIMIZE) {
        rules.emplace_back(&objective, &rule);
        asks_nodes |= asks(rule.formula(), Supplier::node);
        reader.result.text += (reader.result.text.empty() ? "" : "; ") + rule.text();
      }
  reader.result.class_of_workload.assign(static_cast<size_t>(intent.workloads_size()), 0);
  if (rules.empty()) {
    reader.result.text = "minimize cost";
    reader.result.dimension = *euro;
    reader.result.weights = {{Weights{Rational(0), Rational(0), Rational(1), {}}}};
    return std::move(reader.result);
  }

  // Workloads for which the same rules count, with the same prices, are one class.
  std::unordered_map<std::string, uint32_t> classes;
  for (int w = 0; w < intent.workloads_size(); ++w) {
    const proto::Workload &workload = intent.workloads(w);
    const Subject subject{&intent, &workload, nullptr};
    std::string key;
    std::vector<bool> counts;
    for (auto [objective, rule] : rules) {
      bool in = true;
      if (rule->has_where()) {
        auto value = formula::evaluate(rule->where(),
                                       [&](const proto::Ref &ref) { return lookup(ref, subject); });
        if (!value) {
          reader.refuse(diag::N0511, *rule, "this objective's `where` has no value",
                        llvm::toString(value.takeError()), "mend the formula");
          return std::move(reader.result);
        }
        in = value->is_true();
      }
      counts.push_back(in);
      key += in ? '1' : '0';
      for (const proto::Ref *ref : formula::references(rule->formula()))
        if (in && supplier(*ref) == Supplier::workload)
          key += lookup(*ref, subject).SerializeAsString() + '\x1f';
    }
    auto [known, fresh] =
        classes.try_emplace(key, static_cast<uint32_t>(reader.result.weights.size()));
    reader.result.class_of_workload[static_cast<size_t>(w)] = known->second;
    if (!fresh)
      continue;
    std::vector<Weights> list(asks_nodes && !nodes.empty() ? nodes.size() : 1);
    for (size_t n = 0; n < list.size(); ++n)
      for (size_t r = 0; r < rules.size(); ++r)
        if (counts[r] &&
            !reader.add(*rules[r].first, *rules[r].second,
                        {&intent, &workload, asks_nodes && n < nodes.size() ? &nodes[n] : nullptr},
                        list[n]))
          return std::move(reader.result);
    reader.result.weights.push_back(std::move(list));
  }
  if (reader.result.weights.empty())
    reader.result.weights.emplace_back(1);
  reader.result.dimension = reader.dimension.value_or(*euro);
  reader.result.in_euro = reader.result.dimension == *euro;
  return std::move(reader.result);
}

} // namespace

std::optional<Rational> Objective::awake(const NodeView &view, size_t node) const {
  Rational most(0);
  if (!can_sleep(view))
    return most;
  const Figures figures = compiler::awake(view);
  for (const std::vector<Weights> &list : weights) {
    const auto value = weighted(figures, list[list.size() == 1 ? 0 : node]).value;
    if (!value)
      return std::nullopt;
    most = std::max(most, *value);
  }
  return most;
}

Objective read_objective(const proto::Intent &intent, const std::vector<NodeView> &nodes) {
  Objective objective = read_formulas(intent, nodes);
  const proto::Objective *most = nullptr;
  for (const proto::Objective &one : intent.objectives())
    if (one.has_balance_neur_per_core_hour() &&
        (!most || one.balance_neur_per_core_hour() > most->balance_neur_per_core_hour()))
      most = &one;
  if (most && !objective.in_euro && !has_errors(objective.diagnostics)) {
    Diagnostic refusal = report(diag::N0506, "objectives of unlike dimensions cannot be added up",
                                intent, most->balance_span());
    refusal.notes.push_back(note(fmt::format("`balance` is in money, `{}` in {}", objective.text,
                                             objective.dimension.name())));
    refusal.fix = "give prices that bring all of them to money: carbon * 80EUR/tCO2e";
    objective.diagnostics.push_back(std::move(refusal));
  }
  if (has_errors(objective.diagnostics) || !objective.in_euro)
    return objective;
  objective.balance = most ? most->balance_neur_per_core_hour() : 0;
  objective.wishes.emplace(intent, nodes);
  if (has_wishes(intent))
    objective.text += explain::and_preferences();
  if (std::any_of(nodes.begin(), nodes.end(), can_sleep))
    objective.text += explain::and_awake();
  if (objective.balance != 0)
    objective.text += explain::and_balance(objective.balance);
  return objective;
}

} // namespace nemo::compiler
