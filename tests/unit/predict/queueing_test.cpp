// Against closed forms of special cases, published values, and a simulation of the queue itself.
#include <algorithm>
#include <cmath>
#include <queue>
#include <random>

#include <catch2/catch.hpp>

#include "compiler/predict/queueing.h"

using namespace nemo::predict;

namespace {

/// Times that requests stay, first come, first served.
std::vector<double> simulated(const Station &station, size_t requests, unsigned seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> between(station.arrivals), work(1 / station.service_time);
  std::priority_queue<double, std::vector<double>, std::greater<>> free; // when each server is
  for (uint32_t server = 0; server < station.servers; ++server)
    free.push(0);
  std::vector<double> stays;
  double now = 0;
  for (size_t i = 0; i < requests; ++i) {
    now += between(random);
    const double start = std::max(now, free.top());
    free.pop();
    free.push(start + work(random));
    if (i >= requests / 10) // after it has filled
      stays.push_back(start - now);
  }
  std::exponential_distribution<double> own(1 / station.service_time);
  for (double &stay : stays)
    stay += own(random);
  std::sort(stays.begin(), stays.end());
  return stays;
}

} // namespace

TEST_CASE("one server: the stay is exponential") {
  for (const double load : {0.1, 0.5, 0.9, 0.999}) {
    const Station station{load / 0.005, 0.005, 1};
    CAPTURE(load);
    CHECK(utilisation(station) == Approx(load));
    CHECK(waits(station) == Approx(load));
    for (const double tail : {0.5, 0.1, 0.01, 1e-6})
      CHECK(quantile(station, tail) == Approx(-std::log(tail) * 0.005 / (1 - load)).epsilon(1e-10));
  }
}

TEST_CASE("Erlang's C, as tables have it") {
  CHECK(waits({1, 1, 2}) == Approx(1.0 / 3));
  CHECK(waits({2, 1, 3}) == Approx(4.0 / 9));
  CHECK(waits({4, 1, 5}) == Approx(0.5541).epsilon(1e-4));
  CHECK(waits({8, 1, 10}) == Approx(0.4092).epsilon(1e-4));
}

TEST_CASE("many servers: almost nobody waits, and the stay is the service") {
  const Station station{10, 0.1, 1000};
  CHECK(waits(station) < 1e-300);
  CHECK(quantile(station, 0.01) == Approx(-std::log(0.01) * 0.1));
}

TEST_CASE("where wait and service are equally fast, the formula has no gap") {
  // Two servers at a load of one: spare - 1 is 0, and beside it next to nothing.
  const double at = quantile({1, 1, 2}, 0.01);
  CHECK(quantile({1 + 1e-12, 1, 2}, 0.01) == Approx(at).epsilon(1e-9));
  CHECK(quantile({1 - 1e-6, 1, 2}, 0.01) == Approx(at).epsilon(1e-5));
  CHECK(quantile({1 + 1e-6, 1, 2}, 0.01) == Approx(at).epsilon(1e-5));
  CHECK(stays_longer({1, 1, 2}, at) == Approx(0.01));
}

TEST_CASE("a queue that is given more than it can do has no bound") {
  CHECK(std::isinf(quantile({100, 0.01, 1}, 0.01)));
  CHECK(std::isinf(quantile({1000, 0.01, 4}, 0.5)));
  CHECK(std::isfinite(quantile({99.999, 0.01, 1}, 0.01)));
  // Very near to that, and a very small share: large, and a number.
  const double far = quantile({100 * (1 - 1e-9), 0.01, 1}, 1e-9);
  CHECK(far == Approx(0.01 * -std::log(1e-9) / 1e-9).epsilon(1e-6));
}

TEST_CASE("quantiles of simulated queues") {
  for (const Station &station :
       {Station{50, 0.01, 1}, Station{160, 0.02, 4}, Station{15, 0.5, 10}}) {
    const std::vector<double> stays = simulated(station, 400'000, 7);
    for (const double tail : {0.5, 0.1, 0.01}) {
      const double seen =
          stays[static_cast<size_t>(static_cast<double>(stays.size()) * (1 - tail))];
      CAPTURE(station.servers, tail, seen);
      CHECK(quantile(station, tail) == Approx(seen).epsilon(0.05));
    }
  }
}
