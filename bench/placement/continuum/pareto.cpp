#include "bench/placement/continuum/pareto.h"

#include <algorithm>
#include <functional>

#include "bench/placement/continuum/svg.h"

namespace nemo::bench::continuum {

namespace {

// Nano-euros, so that a service's share of a watt is not rounded away.
Weights at_carbon_price(double eur_per_tonne) {
  return {1e9 * eur_per_kwh, 1e9 * eur_per_tonne / 1e6, 0};
}
// Micrograms.
Weights at_delay_price(double grams_per_ms) { return {0, 1e6, 1e6 * grams_per_ms}; }

using Axis = std::function<double(const Outcome &)>;

double kilograms(const Outcome &outcome) { return outcome.account.grams / 1000; }

// Those that no other point beats in both.
std::vector<std::pair<double, double>> not_beaten(const std::vector<Point> &points, const Axis &x) {
  std::vector<std::pair<double, double>> all, out;
  for (const Point &point : points)
    all.emplace_back(x(point.outcome), kilograms(point.outcome));
  std::sort(all.begin(), all.end());
  for (const auto &point : all)
    if (out.empty() || point.second < out.back().second)
      out.push_back(point);
  return out;
}

Chart chart(const std::string &title, const std::string &label, const std::vector<Point> &peers,
            const std::vector<Point> &swept, const Axis &x) {
  Chart out{title, label, "kgCO2e a day", {{"nemo, no point beaten", not_beaten(swept, x), true}}};
  for (const Point &peer : peers)
    out.series.push_back({peer.policy, {{x(peer.outcome), kilograms(peer.outcome)}}});
  return out;
}

} // namespace

llvm::Expected<TradeOff> trade_off(Experiment &experiment) {
  TradeOff out;
  auto add = [&](std::vector<Point> &to, Policy policy, double price,
                 const Weights &weights) -> llvm::Error {
    auto outcome = experiment.run(policy, weights);
    if (!outcome)
      return outcome.takeError();
    to.push_back({name_of(policy), price, std::move(*outcome)});
    return llvm::Error::success();
  };
  for (Policy policy : {least_allocated, carbon_greedy, carbon_scaled, gram_greedy})
    if (auto error = add(out.peers, policy, 0, grams_only))
      return std::move(error);
  for (double price : {0.0, 25.0, 80.0, 250.0, 800.0, 2500.0, 10000.0})
    if (auto error = add(out.by_carbon_price, optimised, price, at_carbon_price(price)))
      return std::move(error);
  for (double price : {0.0, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0})
    if (auto error = add(out.by_delay_price, optimised, price, at_delay_price(price)))
      return std::move(error);
  return out;
}

std::string draw(const TradeOff &trade_off) {
  return draw_svg({chart("Carbon against electricity", "EUR of electricity a day", trade_off.peers,
                         trade_off.by_carbon_price,
                         [](const Outcome &one) { return one.account.kwh * eur_per_kwh; }),
                   chart("Carbon against delay", "ms from users to frontends, mean, one way",
                         trade_off.peers, trade_off.by_delay_price,
                         [](const Outcome &one) { return one.delays.mean_access_ms; })});
}

} // namespace nemo::bench::continuum
