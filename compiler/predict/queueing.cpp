#include "compiler/predict/queueing.h"

#include <cmath>
#include <limits>

namespace nemo::predict {

double utilisation(const Station &station) {
  return station.arrivals * station.service_time / station.servers;
}

double waits(const Station &station) {
  const double load = station.arrivals * station.service_time;
  double blocked = 1; // Erlang B, by its recurrence, which is stable
  for (uint32_t servers = 1; servers <= station.servers; ++servers)
    blocked = load * blocked / (servers + load * blocked);
  return blocked / (1 - utilisation(station) * (1 - blocked));
}

double stays_longer(const Station &station, double seconds) {
  const double time = seconds / station.service_time;
  const double spare = station.servers - station.arrivals * station.service_time; // above 0
  // The service, or the wait (exponential at rate `spare`) and the service after it.
  const double service = std::exp(-time);
  const double apart = (spare - 1) * time;
  double both = 0;
  if (std::abs(apart) < 1e-8) // two exponentials of one rate, to first order
    both = service * time * (1 - apart / 2);
  else if (std::abs(apart) < 1)
    both = service * -std::expm1(-apart) / (spare - 1);
  else
    both = (service - std::exp(-spare * time)) / (spare - 1);
  return service + waits(station) * both;
}

double quantile(const Station &station, double tail) {
  if (!(utilisation(station) < 1))
    return std::numeric_limits<double>::infinity();
  double low = 0, high = station.service_time;
  while (stays_longer(station, high) > tail && std::isfinite(high)) {
    low = high;
    high *= 2;
  }
  // Until the two are neighbours, or nearly: a double has 53 bits.
  for (int bit = 0; bit < 60; ++bit) {
    const double middle = low + (high - low) / 2;
    (stays_longer(station, middle) > tail ? low : high) = middle;
  }
  return high;
}

} // namespace nemo::predict
