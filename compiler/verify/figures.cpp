#include "compiler/verify/figures.h"

#include "compiler/verify/hours.h"

#include <algorithm>

#include <fmt/format.h>

namespace nemo::verify {

namespace {

using Maybe = std::optional<Rational>;

Maybe ratio(uint64_t part, Rational::Int whole) {
  return Rational::make(static_cast<Rational::Int>(part), whole);
}

Maybe product(const Maybe &a, const Maybe &b) { return a && b ? a->times(*b) : std::nullopt; }

Figure unknown(const std::string &fact, const std::string &whose) {
  return {std::nullopt, fmt::format("{} of {}", fact, whose)};
}

Figure exact(const Maybe &value) { return {value, value ? "" : "a figure within 128 bits"}; }

/// An hourly figure summed over a run, in its unit times hours: hour by hour, what is left as now.
Maybe hourly(const Span &run, const google::protobuf::RepeatedField<uint64_t> &forecast,
             const std::optional<uint64_t> &now) {
  constexpr int64_t an_hour = 3'600'000;
  Rational::Int sum = 0, covered = 0;
  for (int hour = 0; hour < forecast.size(); ++hour) {
    const int64_t from = hour == 0 ? run.start : std::max(run.start, hour * an_hour);
    const int64_t to = std::min(run.start + run.length, (hour + 1) * an_hour);
    if (from >= to)
      continue;
    sum += static_cast<Rational::Int>(forecast[hour]) * (to - from);
    covered += to - from;
  }
  if (covered < run.length) {
    if (!now)
      return std::nullopt;
    sum += static_cast<Rational::Int>(*now) * (run.length - covered);
  }
  return Rational::make(sum, an_hour);
}

Figure while_awake(const Maybe &drawn, const proto::Node &node) {
  const uint64_t awake =
      node.has_duty_ppb() ? std::min<uint64_t>(node.duty_ppb(), 1000000000) : 1000000000;
  return exact(product(drawn, ratio(awake, 1000000000)));
}

/// Emissions and money for what is drawn, with the machine by its share.
Figures priced(const Figure &watts, const Maybe &dominant, const Place &place,
               const std::optional<Span> &run) {
  const proto::Node &node = *place.node;
  const std::string site = place.site ? place.site->name() : node.name();
  Figures figures;
  figures.watts = watts;
  constexpr Rational::Int joules = 3600000; // in a kWh
  std::optional<uint64_t> carbon_now, price_now;
  Maybe carbon, price, hours = Rational(1);
  if (place.site && place.site->has_carbon_mg_per_kwh())
    carbon_now = place.site->carbon_mg_per_kwh();
  if (place.site && place.site->has_price_neur_per_kwh())
    price_now = place.site->price_neur_per_kwh();
  if (run) {
    hours = Rational::make(run->length, 3600000);
    figures.watts = watts.value ? exact(product(watts.value, hours)) : watts;
    if (place.site) {
      carbon = hourly(*run, place.site->carbon_forecast_mg_per_kwh(), carbon_now);
      price = hourly(*run, place.site->price_forecast_neur_per_kwh(), price_now);
    }
  } else {
    carbon = carbon_now ? ratio(*carbon_now, 1) : std::nullopt;
    price = price_now ? ratio(*price_now, 1) : std::nullopt;
  }
  if (!watts.value)
    figures.grams_per_second = watts;
  else if (!carbon)
    figures.grams_per_second = unknown("carbon", site);
  else
    figures.grams_per_second =
        exact(product(watts.value, product(carbon, Rational::make(1, 1000 * joules))));
  if (!node.has_price_neur_per_hour())
    figures.euros_per_second = unknown("price", node.name());
  else if (!watts.value)
    figures.euros_per_second = watts;
  else if (!price)
    figures.euros_per_second = unknown("price", site);
  else {
    const Maybe machine = product(
        product(ratio(node.price_neur_per_hour(), Rational::Int(3600) * 1000000000), dominant),
        hours);
    const Maybe electricity =
        product(watts.value, product(price, Rational::make(1, 1000000000 * joules)));
    figures.euros_per_second =
        exact(machine && electricity ? machine->plus(*electricity) : std::nullopt);
  }
  return figures;
}

} // namespace

Figures figures_of(const proto::Resources &asked, const Place &place,
                   const std::optional<Span> &run) {
  proto::Resources mean;
  if (!asked.hours().empty())
    mean = mean_of_day(asked);
  const proto::Resources &reserved = asked.hours().empty() ? asked : mean;
  const proto::Node &node = *place.node;
  // A share of nothing is only known where nothing is reserved.
  auto share = [](uint64_t part, uint64_t whole) {
    return part == 0 ? Maybe(Rational(0)) : ratio(part, static_cast<Rational::Int>(whole));
  };
  const Maybe cpu = share(reserved.cpu_millicores(), node.cpu_millicores());
  const Maybe memory = share(reserved.memory_bytes(), node.memory_bytes());
  Maybe dominant;
  if (cpu && memory)
    dominant = *cpu < *memory ? *memory : *cpu;

  Figure watts;
  if (!node.has_power_idle_mw())
    watts = unknown("power.idle", node.name());
  else if (!node.has_power_max_mw())
    watts = unknown("power.max", node.name());
  else {
    const Maybe idle = ratio(node.power_idle_mw(), 1000);
    const Maybe above = Rational::make(static_cast<Rational::Int>(node.power_max_mw()) -
                                           static_cast<Rational::Int>(node.power_idle_mw()),
                                       1000);
    const Maybe by_cpu = product(above, cpu);
    const Maybe by_share =
        node.has_power_suspended_mw() ? Maybe(Rational(0)) : product(idle, dominant);
    watts = while_awake(by_cpu && by_share ? by_cpu->plus(*by_share) : std::nullopt, node);
  }
  return priced(watts, dominant, place, run);
}

Figures figures_awake(const Place &place) {
  const proto::Node &node = *place.node;
  Figure watts = unknown("power.idle", node.name());
  if (node.has_power_idle_mw()) {
    const auto saved = static_cast<Rational::Int>(node.power_idle_mw()) -
                       static_cast<Rational::Int>(node.power_suspended_mw());
    watts = while_awake(Rational::make(saved < 0 ? 0 : saved, 1000), node);
  }
  return priced(watts, Rational(0), place, std::nullopt);
}

void add_egress(Figures &figures, const Figure &egress, const std::optional<Span> &run) {
  if (!figures.euros_per_second.value)
    return;
  const Maybe hours = run ? Rational::make(run->length, 3600000) : Rational(1);
  const Maybe more = product(egress.value, hours);
  figures.euros_per_second =
      exact(more ? figures.euros_per_second.value->plus(*more) : std::nullopt);
}

std::optional<int64_t> rounded(const Figure &figure, int64_t factor) {
  const Maybe scaled = product(figure.value, Rational(factor));
  return scaled ? scaled->nearest() : std::nullopt;
}

} // namespace nemo::verify
