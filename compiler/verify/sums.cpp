// The objective is evaluated as it is written, with each replica's own figures put in for energy,
// carbon and cost: no weights are taken out of it.
#include "compiler/verify/sums.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "compiler/explain/texts.h"
#include "compiler/verify/balance.h"

namespace nemo::verify {

namespace {

proto::Value figure_value(const Figure &figure, const char *dimension) {
  if (!figure.value)
    return formula::unknown(figure.missing);
  return formula::quantity({*figure.value, *formula::Dimension::parse(dimension), ""});
}

} // namespace

void Sum::spoil(const std::string &fact) {
  if (!value)
    return;
  value.reset();
  missing = fact;
}

void Sum::add(const Figure &figure, int64_t factor) {
  const std::optional<int64_t> part = rounded(figure, factor);
  int64_t sum = 0;
  if (!part)
    spoil(figure.missing.empty() ? "a figure within 64 bits" : figure.missing);
  else if (value && __builtin_add_overflow(*value, *part, &sum))
    spoil("a sum within 64 bits");
  else if (value)
    value = sum;
}

void Sums::add(const proto::Resources &reserved, const Place &place, const std::optional<Span> &run,
               const Figure *egress) {
  Figures figures = figures_of(reserved, place, run);
  if (egress)
    add_egress(figures, *egress, run);
  add(figures);
  if (place.node->has_power_suspended_mw() && awake.insert(place.node->name()).second)
    add(figures_awake(place));
}

void Sums::add(const Figures &figures) {
  milliwatts.add(figures.watts, to_milli);
  milligrams_per_hour.add(figures.grams_per_second, to_milli_per_hour);
  micro_euros_per_hour.add(figures.euros_per_second, to_micro_per_hour);
}

void Sums::spoil(const std::string &fact) {
  milliwatts.spoil(fact);
  milligrams_per_hour.spoil(fact);
  micro_euros_per_hour.spoil(fact);
}

proto::Totals totals(const Sums &sums) {
  proto::Totals totals;
  auto add = [&](proto::Model model, const Sum &sum) {
    model.set_missing(sum.missing);
    *totals.add_models() = std::move(model);
  };
  if (sums.micro_euros_per_hour.value)
    totals.set_ueur_per_hour(*sums.micro_euros_per_hour.value);
  if (sums.milliwatts.value)
    totals.set_milliwatts(*sums.milliwatts.value);
  if (sums.milligrams_per_hour.value)
    totals.set_mg_co2e_per_hour(*sums.milligrams_per_hour.value);
  auto adapted = [&](proto::Model model) {
    return sums.awake.empty() ? model : explain::with_nodes_awake(std::move(model));
  };
  add(explain::cost_model(), sums.micro_euros_per_hour);
  add(adapted(explain::power_model()), sums.milliwatts);
  add(explain::carbon_model(), sums.milligrams_per_hour);
  return totals;
}

Objective::Objective(const proto::Intent &intent, const World &world)
    : intent_(intent), wishes_(intent, world) {
  read(world);
  if (in_euros_ && wishes_.any())
    text_ += explain::and_preferences();
  const bool sleepers = std::any_of(world.nodes.begin(), world.nodes.end(), [](const auto &node) {
    return node.second.has_power_suspended_mw();
  });
  if (in_euros_ && sleepers)
    text_ += explain::and_awake();
  if (const uint64_t balance = balance_asked(intent); in_euros_ && balance != 0)
    text_ += explain::and_balance(balance);
  if (!sleepers)
    return;
  std::set<std::string> seen;
  for (const proto::Workload &workload : intent.workloads())
    if (seen.insert(look(workload)).second)
      kinds_.push_back(&workload);
}

void Objective::read(const World &world) {
  const proto::Intent &intent = intent_;
  for (const proto::Objective &objective : intent.objectives())
    for (const proto::Rule &rule : objective.rules())
      if (rule.verb() == proto::Rule::MINIMIZE || rule.verb() == proto::Rule::MAXIMIZE) {
        terms_.push_back({&objective, &rule});
        text_ += (text_.empty() ? "" : "; ") + rule.text();
      }
  if (terms_.empty()) {
    text_ = "minimize cost";
    return;
  }
  // What dimension it has is seen with any figures: one of each.
  const Figure one{Rational(1), ""};
  const auto euros = formula::Dimension::parse("EUR s^-1");
  std::vector<Place> places;
  for (const auto &[name, node] : world.nodes)
    places.push_back(world.at(name));
  if (places.empty())
    places.push_back({});
  for (const proto::Workload &workload : intent.workloads())
    for (const Place &place : places)
      for (const Term &term : terms_)
        if (counts(term, workload))
          if (auto quantity = value(term, {intent, &workload, place}, {one, one, one})) {
            in_euros_ = quantity->dimension == euros;
            return;
          }
}

bool Objective::counts(const Term &term, const proto::Workload &workload) const {
  return !term.rule->has_where() ||
         truth(term.rule->where(), {intent_, &workload, {}}, /*when_unknown=*/false);
}

std::optional<formula::Quantity> Objective::value(const Term &term, const Question &question,
                                                  const Figures &figures) const {
  auto result = formula::evaluate(term.rule->formula(), [&](const proto::Ref &ref) {
    if (ref.path_size() == 1 && ref.path(0) == "energy")
      return figure_value(figures.watts, "J s^-1");
    if (ref.path_size() == 1 && ref.path(0) == "carbon")
      return figure_value(figures.grams_per_second, "gCO2e s^-1");
    if (ref.path_size() == 1 && ref.path(0) == "cost")
      return figure_value(figures.euros_per_second, "EUR s^-1");
    return value_of(ref, question);
  });
  if (!result) {
    llvm::consumeError(result.takeError());
    return std::nullopt;
  }
  auto quantity =
      result->value.has_quantity() ? formula::from_proto(result->value.quantity()) : std::nullopt;
  for (const proto::Quantity *weight : {&term.rule->weight(), &term.objective->weight()}) {
    if (!quantity || weight->num().empty())
      continue;
    const auto factor = formula::from_proto(*weight);
    const auto product = factor ? quantity->value.times(factor->value) : std::nullopt;
    const auto dimension = factor ? quantity->dimension.times(factor->dimension) : std::nullopt;
    if (!product || !dimension)
      return std::nullopt;
    quantity->value = *product;
    quantity->dimension = *dimension;
  }
  if (quantity && term.rule->verb() == proto::Rule::MAXIMIZE)
    quantity->value = quantity->value.negated();
  return quantity;
}

std::string Objective::look(const proto::Workload &workload) const {
  std::string bytes = wishes_.look(workload) + '|';
  for (const Term &term : terms_)
    for (const proto::Expr *formula : {&term.rule->formula(), &term.rule->where()}) {
      std::vector<const proto::Ref *> refs;
      for (const proto::Ref *ref : formula::references(*formula))
        if (!is_of_node(*ref) && !is_predicted(*ref))
          refs.push_back(ref);
      bytes += values_of(refs, {intent_, &workload, {}}) + ';';
    }
  return bytes;
}

std::optional<int64_t> Objective::of(const proto::Workload &workload, const Place &place,
                                     const std::optional<Span> &run, const Figure *egress) const {
  Figures figures = figures_of(workload.resources(), place, run);
  if (egress)
    add_egress(figures, *egress, run);
  std::optional<int64_t> cost = of(workload, place, figures);
  if (cost && in_euros_)
    *cost += wishes_.of(workload, place);
  return cost;
}

std::optional<int64_t> Objective::of_payment(const proto::Workload &workload,
                                             const Place &place) const {
  return of(workload, place, Figures{{Rational(0), ""}, {Rational(0), ""}, {Rational(1), ""}});
}

std::optional<int64_t> Objective::awake(const Place &place) const {
  const Figures figures = figures_awake(place);
  int64_t most = 0;
  for (const proto::Workload *workload : kinds_) {
    const auto cost = of(*workload, place, figures);
    if (!cost)
      return std::nullopt;
    most = std::max(most, *cost);
  }
  return most;
}

std::optional<int64_t> Objective::of(const proto::Workload &workload, const Place &place,
                                     const Figures &figures) const {
  if (terms_.empty())
    return rounded(figures.euros_per_second, to_micro_per_hour);
  Figure sum{Rational(0), ""};
  for (const Term &term : terms_) {
    if (!counts(term, workload))
      continue;
    const auto part = value(term, {intent_, &workload, place}, figures);
    sum.value = part ? sum.value->plus(part->value) : std::nullopt;
    if (!sum.value)
      return std::nullopt;
  }
  return rounded(sum, to_micro_per_hour);
}

} // namespace nemo::verify
