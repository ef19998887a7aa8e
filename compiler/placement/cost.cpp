// Exact arithmetic, for what is printed; the search works on a table of the same figures as
// integers.
#include "compiler/placement/cost.h"

#include <algorithm>

#include <fmt/format.h>

namespace nemo::compiler {

namespace {

using Maybe = std::optional<Rational>;

Maybe fraction(uint64_t num, uint64_t den) {
  return Rational::make(static_cast<Rational::Int>(num), static_cast<Rational::Int>(den));
}

// Nothing of nothing is nothing.
Maybe share(uint64_t part, uint64_t whole) { return part ? fraction(part, whole) : Rational(0); }

Maybe times(const Maybe &a, const Maybe &b) { return a && b ? a->times(*b) : std::nullopt; }
Maybe plus(const Maybe &a, const Maybe &b) { return a && b ? a->plus(*b) : std::nullopt; }

Figure known(const Maybe &value) {
  return value ? Figure{value, {}} : Figure{std::nullopt, "a figure within 128 bits"};
}

} // namespace

Figures figures(const proto::Resources &reserved, const NodeView &view) {
  const proto::Node &node = *view.node;
  Figures result;
  const Maybe cpu = share(reserved.cpu_millicores(), node.cpu_millicores());
  const Maybe memory = share(reserved.memory_bytes(), node.memory_bytes());
  const Maybe dominant = cpu && memory ? std::max(*cpu, *memory) : Maybe();
  auto lacks = [&](const char *fact, const std::string &whose) {
    return Figure{std::nullopt, fmt::format("{} of {}", fact, whose)};
  };
  const std::string &site = view.site ? view.site->name() : node.name();

  if (!node.has_power_idle_mw())
    result.power = lacks("power.idle", node.name());
  else if (!node.has_power_max_mw())
    result.power = lacks("power.max", node.name());
  else {
    const Maybe idle = fraction(node.power_idle_mw(), 1000);
    const Maybe most = fraction(node.power_max_mw(), 1000);
    const Maybe span = most && idle ? most->minus(*idle) : Maybe();
    result.power = known(plus(times(span, cpu), times(idle, dominant)));
  }

  if (!result.power.value)
    result.carbon = result.power;
  else if (!view.site || !view.site->has_carbon_mg_per_kwh())
    result.carbon = lacks("carbon", site);
  else
    result.carbon = known(times(
        result.power.value, fraction(view.site->carbon_mg_per_kwh(), uint64_t{1000} * 3600000)));

  if (!node.has_price_neur_per_hour())
    result.cost = lacks("price", node.name());
  else if (!result.power.value)
    result.cost = result.power;
  else if (!view.site || !view.site->has_price_neur_per_kwh())
    result.cost = lacks("price", site);
  else
    result.cost = known(
        plus(times(fraction(node.price_neur_per_hour(), uint64_t{1000000000} * 3600), dominant),
             times(result.power.value,
                   fraction(view.site->price_neur_per_kwh(), uint64_t{1000000000} * 3600000))));
  return result;
}

Figure weighted(const Figures &figures, const Weights &weights) {
  if (!weights.missing.empty())
    return {std::nullopt, weights.missing};
  Maybe sum = Rational(0);
  for (auto [weight, figure] : {std::pair{&weights.energy, &figures.power},
                                {&weights.carbon, &figures.carbon},
                                {&weights.cost, &figures.cost}}) {
    if (weight->is_zero())
      continue;
    if (!figure->value)
      return *figure;
    sum = plus(sum, times(*weight, figure->value));
  }
  return known(sum);
}

std::optional<int64_t> millionths_per_hour(const Figure &figure) {
  Maybe scaled = times(figure.value, Rational(int64_t{3600} * 1000000));
  return scaled ? scaled->nearest() : std::nullopt;
}

std::optional<int64_t> milliwatts(const Figure &figure) {
  Maybe scaled = times(figure.value, Rational(1000));
  return scaled ? scaled->nearest() : std::nullopt;
}

std::optional<int64_t> milligrams_per_hour(const Figure &figure) {
  Maybe scaled = times(figure.value, Rational(int64_t{3600} * 1000));
  return scaled ? scaled->nearest() : std::nullopt;
}

} // namespace nemo::compiler
