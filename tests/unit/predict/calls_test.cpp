// Bounds of response times against simulated trees of calls, however their parts depend on each
// other.
#include <algorithm>
#include <cmath>
#include <random>

#include <catch2/catch.hpp>

#include "compiler/predict/calls.h"

using namespace nemo::predict;

namespace {

/// A server of its own for each service, with exponential stays of this mean.
Service exponential(double mean) { return {{1e-9, mean, 1}, {}}; }

Bounds bounds(const std::vector<Service> &services, double tail) {
  const auto order = call_order(services, 0);
  REQUIRE(order);
  return response_time(services, *order, tail);
}

/// The quantile where all stations share one draw (`common`) or each has its own, calls in turn or
/// side by side.
double simulated(const std::vector<Service> &services, double tail, bool common, bool in_turn) {
  std::mt19937_64 random(11);
  std::exponential_distribution<double> unit(1);
  std::vector<double> times;
  for (int i = 0; i < 100'000; ++i) {
    const double shared = unit(random);
    auto time = [&](auto &&self, size_t service) -> double {
      double sum = 0, longest = 0;
      for (const Call &call : services[service].calls) {
        const double one = call.low + self(self, call.to);
        sum += one;
        longest = std::max(longest, one);
      }
      return services[service].station.service_time * (common ? shared : unit(random)) +
             (in_turn ? sum : longest);
    };
    times.push_back(time(time, 0));
  }
  std::sort(times.begin(), times.end());
  return times[static_cast<size_t>(static_cast<double>(times.size()) * (1 - tail))];
}

} // namespace

TEST_CASE("one station alone is exact") {
  const std::vector<Service> one = {{{100, 0.005, 1}, {}}};
  const Bounds time = bounds(one, 0.01);
  CHECK(time.low == Approx(-std::log(0.01) / 100));
  CHECK(time.high == time.low);
}

TEST_CASE("a call adds its way, and quantiles do not add") {
  std::vector<Service> two = {exponential(0.01), exponential(0.02)};
  two[0].calls = {{1, 0.004, 0.006}};
  const Bounds time = bounds(two, 0.01);
  CHECK(time.low == Approx(0.004 - std::log(0.01) * 0.02).epsilon(1e-6));
  CHECK(time.high == Approx(0.006 - std::log(0.005) * 0.03).epsilon(1e-6));
}

TEST_CASE("a service that is reached twice is visited twice") {
  std::vector<Service> diamond = {exponential(0.01), exponential(0.01), exponential(0.01),
                                  exponential(0.01)};
  diamond[0].calls = {{1, 0, 0}, {2, 0, 0}};
  diamond[1].calls = {{3, 0, 0}};
  diamond[2].calls = {{3, 0, 0}};
  CHECK(bounds(diamond, 0.01).high == Approx(-std::log(0.002) * 0.05).epsilon(1e-6));
  CHECK(bounds(diamond, 0.01).low == Approx(-std::log(0.01) * 0.01).epsilon(1e-6));
}

TEST_CASE("calls in a circle have no order") {
  std::vector<Service> circle = {exponential(1), exponential(1)};
  circle[0].calls = {{1, 0, 0}};
  circle[1].calls = {{0, 0, 0}};
  CHECK(!call_order(circle, 0));
  circle[1].calls = {{1, 0, 0}};
  CHECK(!call_order(circle, 0));
  circle[1].calls.clear();
  CHECK(call_order(circle, 0) == std::vector<size_t>{0, 1});
}

TEST_CASE("simulated trees stay within the bounds") {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> share(0.1, 1);
  for (int round = 0; round < 6; ++round) {
    std::vector<Service> services;
    for (int i = 0; i < 5; ++i) {
      services.push_back(exponential(share(random) * 0.01));
      if (i > 0) { // called by one before it
        const double way = share(random) * 0.01;
        services[random() % i].calls.push_back({static_cast<size_t>(i), way, way});
      }
    }
    for (const double tail : {0.5, 0.01}) {
      const Bounds time = bounds(services, tail);
      for (const bool common : {false, true})
        for (const bool in_turn : {false, true}) {
          const double seen = simulated(services, tail, common, in_turn);
          CAPTURE(round, tail, common, in_turn, seen, time.low, time.high);
          CHECK(time.low <= seen * 1.03); // the simulation's own error
          CHECK(seen <= time.high * 1.03);
        }
    }
  }
}

TEST_CASE("a node that sleeps makes each visit wait its whole sleep, at most") {
  std::vector<Service> two = {exponential(0.01), {{40, 0.005, 1}, {}}};
  two[0].calls = {{1, 0, 0}};
  const Bounds awake = bounds(two, 0.01);
  two[1].rest = 9;
  two[1].awake = 0.5;
  const Bounds asleep = bounds(two, 0.01);
  CHECK(asleep.low == awake.low);
  // Half of the time for the same requests: 0.4 of it is left instead of 0.8, each visit for 0.5%.
  CHECK(asleep.high - awake.high ==
        Approx(9 - std::log(0.005) * 0.005 * (1 / 0.6 - 1 / 0.8)).epsilon(1e-6));
}
