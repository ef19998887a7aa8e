#include "compiler/why/ledger.h"

#include <cmath>

#include "compiler/resolve/suspend.h"
#include "protocol/formula/unit.h"

namespace nemo::why {

const std::array<const char *, figure_count> figure_names = {"energy", "carbon", "cost"};

namespace {

constexpr std::array<const char *, figure_count> dimensions = {"J s^-1", "gCO2e s^-1", "EUR s^-1"};
constexpr std::array<const char *, figure_count> amount_units = {"W", "gCO2e/h", "EUR/h"};

formula::Dimension dimension(size_t figure) {
  return formula::Dimension::parse(dimensions[figure]).value_or(formula::Dimension{});
}

const Rational &weight(const compiler::Weights &weights, size_t figure) {
  return figure == 0 ? weights.energy : figure == 1 ? weights.carbon : weights.cost;
}

template <class Figures> auto &figure_of(Figures &figures, size_t figure) {
  return figure == 0 ? figures.power : figure == 1 ? figures.carbon : figures.cost;
}

void add(compiler::Figure &sum, const compiler::Figure &more) {
  if (!sum.value)
    return;
  sum.missing = more.missing;
  sum.value = more.value ? sum.value->plus(*more.value) : std::nullopt;
}

/// The unit of the first quantity of that dimension in a formula: how its author writes the price.
std::string unit_in(const proto::Expr &formula, const formula::Dimension &wanted) {
  if (formula.literal().has_quantity())
    if (auto known = formula::from_proto(formula.literal().quantity());
        known && known->dimension == wanted)
      return known->unit;
  for (const proto::Expr &operand : formula.operands())
    if (std::string unit = unit_in(operand, wanted); !unit.empty())
      return unit;
  return {};
}

std::string price_unit(const proto::Intent &intent, const formula::Dimension &wanted) {
  for (const proto::Objective &objective : intent.objectives()) {
    for (const proto::Rule &rule : objective.rules()) {
      if (rule.verb() != proto::Rule::MINIMIZE && rule.verb() != proto::Rule::MAXIMIZE)
        continue;
      if (std::string unit = unit_in(rule.formula(), wanted); !unit.empty())
        return unit;
      if (auto weight = formula::from_proto(rule.weight());
          weight && weight->dimension == wanted && !weight->unit.empty())
        return weight->unit;
    }
    if (auto weight = formula::from_proto(objective.weight());
        weight && weight->dimension == wanted && !weight->unit.empty())
      return weight->unit;
  }
  return formula::usual_unit(wanted);
}

/// Of what the replica costs at home; see placement::hysteresis.
const Rational &toll() {
  static const Rational share =
      Rational::make(std::llround(placement::hysteresis * 1000), 1000).value_or(Rational());
  return share;
}

std::optional<Rational> sum(const Ledger::Parts &parts) {
  std::optional<Rational> result = Rational(0);
  for (const auto &part : parts)
    result = result && part ? result->plus(*part) : std::nullopt;
  return result;
}

} // namespace

Ledger::Ledger(const proto::Intent &intent, const std::vector<compiler::NodeView> &nodes,
               const compiler::Objective &objective, const compiler::Jobs &jobs, size_t workload)
    : intent_(intent), nodes_(nodes), objective_(objective), jobs_(jobs), workload_(workload),
      unit_(formula::usual_unit(objective.dimension)), own_(nodes.size()), figures_(nodes.size()) {
  for (size_t figure = 0; figure < figure_count; ++figure)
    if (auto wanted = objective.dimension.over(dimension(figure)); wanted && !wanted->none())
      price_units_[figure] = price_unit(intent, *wanted);
}

void Ledger::beside(Others others) {
  others_ = std::move(others);
  figures_.assign(nodes_.size(), std::nullopt);
}

const compiler::Figures &Ledger::figures(size_t node) const {
  std::optional<compiler::Figures> &known = figures_[node];
  if (!known) {
    known = own(node);
    if (compiler::can_sleep(nodes_[node]) && !others_.hosts.count(node)) {
      const compiler::Figures more = compiler::awake(nodes_[node]);
      for (size_t figure = 0; figure < figure_count; ++figure)
        add(figure_of(*known, figure), figure_of(more, figure));
    }
  }
  return *known;
}

const compiler::Figures &Ledger::own(size_t node) const {
  std::optional<compiler::Figures> &known = own_[node];
  if (!known) {
    std::optional<compiler::Run> run;
    if (jobs_.is_job(workload_))
      run = jobs_.best(workload_, nodes_[node], objective_.of(workload_, node));
    known = compiler::figures(intent_.workloads(static_cast<int>(workload_)).resources(),
                              nodes_[node], run ? &*run : nullptr);
  }
  return *known;
}

bool Ledger::counts(size_t figure, size_t node) const {
  return !weight(objective_.of(workload_, node), figure).is_zero();
}

Ledger::Parts Ledger::parts_of(const compiler::Figures &figures, size_t node) const {
  Parts result;
  const compiler::Weights &weights = objective_.of(workload_, node);
  for (size_t figure = 0; figure < figure_count; ++figure) {
    const Rational &factor = weight(weights, figure);
    const compiler::Figure &amount = figure_of(figures, figure);
    if (factor.is_zero())
      result[figure] = Rational(0);
    else if (weights.missing.empty() && amount.value)
      result[figure] = factor.times(*amount.value);
  }
  result[figure_count] = wished(node);
  result[figure_count + 1] = result[figure_count + 2] = Rational(0);
  return result;
}

Ledger::Parts Ledger::parts(size_t node, std::optional<size_t> home) const {
  Parts result = parts_of(figures(node), node);
  result[figure_count + 1] = uneven(node);
  result[figure_count + 2] = sent(node);
  if (!home || *home == node)
    return result;
  const Parts there = parts_of(own(*home), *home);
  const auto whole = sum(there);
  for (size_t figure = 0; figure < result.size(); ++figure) {
    auto share = whole && there[figure] ? there[figure]->times(toll()) : std::nullopt;
    if (share && whole->sign() < 0)
      share = share->negated();
    result[figure] = result[figure] && share ? result[figure]->plus(*share) : std::nullopt;
  }
  return result;
}

Rational Ledger::wished(size_t node) const {
  return Rational::make(objective_.wish(workload_, node), Rational::Int(3600) * 1'000'000)
      .value_or(Rational());
}

Rational Ledger::uneven(size_t node) const {
  return others_.uneven.empty()
             ? Rational(0)
             : Rational::make(others_.uneven[node], Rational::Int(3600) * 1'000'000'000)
                   .value_or(Rational());
}

Rational Ledger::sent(size_t node) const {
  if (others_.sent.empty())
    return Rational(0);
  const double most = 1e18, per_hour = others_.sent[node] * 3600e9;
  const Rational paid =
      Rational::make(std::llround(std::min(per_hour, most)), Rational::Int(3600) * 1'000'000'000)
          .value_or(Rational());
  return objective_.of(workload_, node).cost.times(paid).value_or(Rational());
}

std::optional<Rational> Ledger::total(size_t node, std::optional<size_t> home) const {
  return sum(parts(node, home));
}

Quantity Ledger::money(const Rational &value) const { return {value, objective_.dimension, unit_}; }

std::optional<Quantity> Ledger::price(size_t figure, size_t node) const {
  auto of = objective_.dimension.over(dimension(figure));
  if (!of || of->none())
    return std::nullopt;
  return Quantity{weight(objective_.of(workload_, node), figure), *of, price_units_[figure]};
}

Offer Ledger::offer(size_t node, std::optional<size_t> home) const {
  Offer result;
  result.node = nodes_[node].node->name();
  const Parts values = parts(node, std::nullopt);
  for (size_t figure = 0; figure < figure_count; ++figure) {
    if (!counts(figure, node))
      continue;
    Term term{figure_names[figure], {}, {}};
    if (const auto &amount = figure_of(figures(node), figure).value)
      term.amount = Quantity{*amount, dimension(figure), amount_units[figure]};
    if (values[figure])
      term.value = money(*values[figure]);
    result.terms.push_back(std::move(term));
  }
  if (objective_.wishes && objective_.wishes->of(workload_))
    result.terms.push_back({"preferences", {}, money(wished(node))});
  if (!others_.uneven.empty())
    result.terms.push_back({"balance", {}, money(uneven(node))});
  if (!others_.sent.empty())
    result.terms.push_back({"egress", {}, money(sent(node))});
  const auto here = total(node, std::nullopt), whole = total(node, home);
  if (home) {
    Term moving{"moving", {}, {}};
    if (auto more = here && whole ? whole->minus(*here) : std::nullopt)
      moving.value = money(*more);
    result.terms.push_back(std::move(moving));
  }
  if (whole)
    result.total = money(*whole);
  else
    result.missing =
        here ? "the cost of what runs"
             : compiler::weighted(figures(node), objective_.of(workload_, node)).missing;
  return result;
}

} // namespace nemo::why
