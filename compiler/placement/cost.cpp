// Exact arithmetic, for what is printed; the search works on a table of the same figures as
// integers.
#include "compiler/placement/cost.h"

#include <algorithm>

#include "compiler/resolve/hours.h"

#include <fmt/format.h>

#include "compiler/resolve/supply.h"
#include "compiler/resolve/suspend.h"

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

using Hourly = google::protobuf::RepeatedField<uint64_t>;

// Every hour counts by how much of it the run takes.
Maybe over_hours(const Run &run, const Hourly &forecast, std::optional<uint64_t> now,
                 Rational::Int unit) {
  constexpr int64_t hour = 3'600'000;
  Rational::Int sum = 0;
  int64_t at = run.start_ms;
  const int64_t end = at + static_cast<int64_t>(run.duration_ms);
  while (at < end) {
    const int64_t index = std::max<int64_t>(at, 0) / hour;
    const bool predicted = index < forecast.size();
    if (!predicted && !now)
      return std::nullopt;
    const int64_t until = predicted ? std::min(end, (index + 1) * hour) : end;
    sum += static_cast<Rational::Int>(predicted ? forecast[static_cast<int>(index)] : *now) *
           (until - at);
    at = until;
  }
  return Rational::make(sum, unit * hour);
}

Figure known(const Maybe &value) {
  return value ? Figure{value, {}} : Figure{std::nullopt, "a figure within 128 bits"};
}

Figure lacks(const char *fact, const std::string &whose) {
  return {std::nullopt, fmt::format("{} of {}", fact, whose)};
}

// What follows from power (W) and the dominant share.
Figures figures(Figure drawn, const Maybe &dominant, const NodeView &view, const Run *run) {
  const proto::Node &node = *view.node;
  const std::string &site = view.site ? view.site->name() : node.name();
  // A service takes one hour of every hour, by what is known of this one.
  Maybe carbon, price, hours = Rational(1);
  if (run) {
    carbon = carbon_over(*run, view);
    price = price_over(*run, view);
    hours = fraction(run->duration_ms, 3600000);
  } else if (view.site) {
    if (view.site->has_carbon_mg_per_kwh())
      carbon = fraction(view.site->carbon_mg_per_kwh(), uint64_t{1000} * 3600000);
    if (view.site->has_price_neur_per_kwh())
      price = fraction(view.site->price_neur_per_kwh(), uint64_t{1000000000} * 3600000);
  }

  Figures result;
  const Maybe power = drawn.value;
  result.power = power && run ? known(times(power, hours)) : std::move(drawn);
  if (!power)
    result.carbon = result.power;
  else if (!carbon)
    result.carbon = lacks("carbon", site);
  else
    result.carbon = known(times(power, carbon));

  if (!node.has_price_neur_per_hour())
    result.cost = lacks("price", node.name());
  else if (!power)
    result.cost = result.power;
  else if (!price)
    result.cost = lacks("price", site);
  else
    result.cost =
        known(plus(times(fraction(node.price_neur_per_hour(), uint64_t{1000000000} * 3600),
                         times(dominant, hours)),
                   times(power, price)));
  return result;
}

} // namespace

Maybe carbon_over(const Run &run, const NodeView &view) {
  if (!view.site)
    return std::nullopt;
  return over_hours(run, view.site->carbon_forecast_mg_per_kwh(),
                    view.site->has_carbon_mg_per_kwh()
                        ? std::optional(view.site->carbon_mg_per_kwh())
                        : std::nullopt,
                    Rational::Int{1000} * 3600000);
}

Maybe price_over(const Run &run, const NodeView &view) {
  if (!view.site)
    return std::nullopt;
  return over_hours(run, view.site->price_forecast_neur_per_kwh(),
                    view.site->has_price_neur_per_kwh()
                        ? std::optional(view.site->price_neur_per_kwh())
                        : std::nullopt,
                    Rational::Int{1000000000} * 3600000);
}

Figures figures(const proto::Resources &asked, const NodeView &view, const Run *run) {
  proto::Resources mean;
  if (!asked.hours().empty())
    mean = on_average(asked);
  const proto::Resources &reserved = asked.hours().empty() ? asked : mean;
  const proto::Node &node = *view.node;
  const Maybe cpu = share(reserved.cpu_millicores(), node.cpu_millicores());
  const Maybe memory = share(reserved.memory_bytes(), node.memory_bytes());
  const Maybe dominant = cpu && memory ? std::max(*cpu, *memory) : Maybe();
  Figure power;
  if (!node.has_power_idle_mw())
    power = lacks("power.idle", node.name());
  else if (!node.has_power_max_mw())
    power = lacks("power.max", node.name());
  else {
    const Maybe idle = fraction(node.power_idle_mw(), 1000);
    const Maybe most = fraction(node.power_max_mw(), 1000);
    const Maybe span = most && idle ? most->minus(*idle) : Maybe();
    const Maybe shared = can_sleep(view) ? Maybe(Rational(0)) : times(idle, dominant);
    power = known(times(plus(times(span, cpu), shared), fraction(awake_ppb(node), always)));
  }
  return figures(std::move(power), dominant, view, run);
}

Figures awake(const NodeView &view) {
  const proto::Node &node = *view.node;
  if (!node.has_power_idle_mw())
    return figures(lacks("power.idle", node.name()), Rational(0), view, nullptr);
  const uint64_t more =
      node.power_idle_mw() - std::min(node.power_idle_mw(), node.power_suspended_mw());
  return figures(known(times(fraction(more, 1000), fraction(awake_ppb(node), always))), Rational(0),
                 view, nullptr);
}

void add_egress(Figures &figures, const Figure &egress, const Run *run) {
  if (!figures.cost.value)
    return;
  const Maybe hours = run ? fraction(run->duration_ms, 3600000) : Rational(1);
  figures.cost = known(plus(figures.cost.value, times(egress.value, hours)));
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
