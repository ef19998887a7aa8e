// What the bench of the continuum is built of: forecasts, delays, the account of a day.
#include <catch2/catch.hpp>

#include "bench/placement/continuum/accounting.h"

using namespace nemo::bench::continuum;

TEST_CASE("A forecast is the mean of the seven days before, and sees no hour of its day or later") {
  std::vector<double> hours;
  for (int day = 0; day < 10; ++day)
    for (int hour = 0; hour < 24; ++hour)
      hours.push_back(100 * day + hour);
  const Day before = Intensity({"A"}, {hours}).forecast(0, 8);
  CHECK(before[0] == Approx(400)); // days 1 to 7
  CHECK(before[23] == Approx(423));
  for (size_t i = 8 * 24; i < hours.size(); ++i)
    hours[i] = 9999;
  const Intensity changed({"A"}, {hours});
  CHECK(changed.forecast(0, 8) == before);
  CHECK(changed.realised(0, 8)[5] == 9999);
  hours[7 * 24] = 1400; // the day before counts
  CHECK(Intensity({"A"}, {hours}).forecast(0, 8)[0] == Approx(500));
}

TEST_CASE("Delays are those of the fastest path, one way") {
  const auto delay = path_delays(4, {{0, 1, 10}, {1, 2, 10}, {0, 2, 50}, {2, 0, 5}});
  CHECK(delay[0 * 4 + 2] == 20);
  CHECK(delay[1 * 4 + 0] == 15);
  CHECK(delay[3 * 4 + 3] == 0);
  CHECK(delay[0 * 4 + 3] == unreachable);
}

TEST_CASE("A day is settled by what is awake, its load, and the hours that came") {
  World world;
  world.network.sites = {{"a", "A"}};
  world.network.delay_us = {0};
  world.nodes = {{0, 1000, 1024, 100, 300, 10, true},
                 {0, 1000, 1024, 100, 300, 10, true},
                 {0, 1000, 1024, 50, 80, 10, false}};
  world.graphs = {{"one", {{"frontend", 0.5, 64, 1}}, {}}};
  world.applications = {{0, 0, 1000, 1}};
  const Problem problem = state_problem(world);
  nemo::optimiser::Solution solution;
  solution.node_of = {0};
  Day realised;
  realised.fill(200);
  const Account account = settle(world, problem, solution, {realised});
  // Half loaded and woken for 3 minutes at 300 W; asleep; idle, because it cannot sleep.
  const double kwh = 24 * (0.2 + 0.01 + 0.05) + 0.3 * 3 / 60;
  CHECK(account.kwh == Approx(kwh));
  CHECK(account.grams == Approx(kwh * 200));
  CHECK(account.awake == 2);
}
