// What less carbon costs: the optimiser under a row of prices, drawn beside the other policies.
#pragma once

#include <string>

#include "bench/placement/continuum/experiment.h"

namespace nemo::bench::continuum {

/// What a kilowatt-hour costs at every site.
constexpr double eur_per_kwh = 0.21;

struct Point {
  std::string policy;
  double price = 0; ///< EUR per tonne, or grams per millisecond and hour
  Outcome outcome;
};

struct TradeOff {
  std::vector<Point> peers, by_carbon_price, by_delay_price;
};

llvm::Expected<TradeOff> trade_off(Experiment &experiment);

/// Electricity against carbon, and delay against carbon.
std::string draw(const TradeOff &trade_off);

} // namespace nemo::bench::continuum
