// What the bench of the continuum is built of: forecasts, delays, the account of a day.
#include <catch2/catch.hpp>

#include <algorithm>

#include "bench/placement/continuum/planning.h"
#include "compiler/placement/search/random.h"

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

namespace {

// Two sites of two nodes; a service of two copies.
World small_world() {
  World world;
  world.network.sites = {{"a", "A", 0}, {"b", "B", 0}};
  world.network.delay_us = {0, 10, 10, 0};
  world.nodes = {{0, 1000, 4096, 100, 300, 10, true},
                 {0, 500, 4096, 50, 160, 10, true},
                 {1, 1000, 4096, 80, 280, 10, true},
                 {1, 1000, 4096, 50, 80, 10, false}};
  world.graphs = {{"one", {{"frontend", 0.25, 1024, 2}}, {}}};
  world.applications = {{0, 0, 1000, 1}};
  return world;
}

Day day_of(double first_half, double second_half) {
  Day day;
  std::fill_n(day.begin(), 12, first_half);
  std::fill_n(day.begin() + 12, 12, second_half);
  return day;
}

} // namespace

TEST_CASE("Most is asked for when it is 20:00 by the sun at the users, least at 8:00") {
  World world = small_world();
  world.quietest = 0.4;
  const Application &application = world.applications.front();
  CHECK(share_of_peak(world, application, 20) == Approx(1));
  CHECK(share_of_peak(world, application, 8) == Approx(0.4));
  CHECK(share_of_peak(world, application, 14) == Approx(0.7));
  world.network.sites.front().longitude = -120; // eight hours behind
  CHECK(share_of_peak(world, application, 4) == Approx(1));
  world.quietest = 1;
  CHECK(share_of_peak(world, application, 8) == Approx(1));
}

TEST_CASE("Of hours with one placement the busiest is asked for") {
  World world = small_world();
  world.quietest = 0.4;
  Problem problem = state_problem(world);
  REQUIRE(problem.model.shapes.size() == 2);
  CHECK(problem.model.shapes.front().demand.front() == 250);
  set_demand(problem, world, {8, 9});
  CHECK(problem.model.shapes.front().demand.front() == 100);
  set_demand(problem, world, {8, 15});
  CHECK(problem.model.shapes.front().demand.front() == 175);
  set_demand(problem, world, {});
  CHECK(problem.model.shapes.front().demand.front() == 250);
}

TEST_CASE("A day is settled by what is awake, its load, and the hours that came") {
  World world;
  world.network.sites = {{"a", "A", 0}};
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
  const Plan all_day(24, solution);
  const Account account = settle(world, problem, all_day, {realised});
  // Half loaded and woken for 3 minutes at 300 W; asleep; idle, because it cannot sleep.
  const double kwh = 24 * (0.2 + 0.01 + 0.05) + 0.3 * 3 / 60;
  CHECK(account.kwh == Approx(kwh));
  CHECK(account.grams == Approx(kwh * 200));
  CHECK(account.awake == Approx(2));
  CHECK(account.moves == 0);
  const double sum = account.always + account.idle + account.load + account.waking + account.moving;
  CHECK(sum == Approx(account.grams));

  // For the last hour to the other: it is woken, and what moves runs twice while it does.
  Plan moved = all_day;
  moved.back().node_of = {1};
  const Account after = settle(world, problem, moved, {realised});
  CHECK(after.moves == 1);
  CHECK(after.kwh - account.kwh == Approx(0.3 * 3 / 60 + 0.1 * 3 / 60));
}

TEST_CASE("What hours are priced at is what the settlement of the day changes by") {
  World world = small_world();
  world.quietest = 0.5;
  Problem problem = state_problem(world);
  const std::vector<Day> intensity{day_of(300, 120), day_of(50, 400)};
  auto at = [](uint32_t first, uint32_t second) {
    nemo::optimiser::Solution solution;
    solution.node_of = {first, second};
    return solution;
  };
  Plan plan(24, at(0, 1));
  std::fill(plan.begin() + 15, plan.end(), at(2, 3));
  const Hours hours{6, 15};
  set_demand(problem, world, hours);
  set_prices(problem, world, hours, intensity, grams_only, {&plan[5], &plan[15]});
  auto error = nemo::optimiser::check(problem.model);
  REQUIRE_FALSE(bool(error));
  double difference = -1;
  for (uint32_t first = 0; first < 4; ++first)
    for (uint32_t second = 0; second < 4; ++second) {
      if (first == second)
        continue;
      const auto solution = at(first, second);
      std::fill(plan.begin() + hours.begin, plan.begin() + hours.end, solution);
      const auto judged = nemo::optimiser::evaluate(problem.model, solution);
      CHECK(judged.feasible());
      const double rest = settle(world, problem, plan, intensity).grams -
                          static_cast<double>(judged.total()) / grams_only.per_gram;
      if (difference < 0)
        difference = rest;
      CHECK(rest == Approx(difference).margin(1e-3));
    }
}

TEST_CASE("A day is planned with the moves that pay, and no others") {
  World world = small_world();
  world.nodes[1] = world.nodes[0];
  world.nodes[3] = world.nodes[2];
  const std::vector<Day> intensity{day_of(300, 120), day_of(50, 400)};
  nemo::optimiser::Options options;
  options.effort = 300'000;
  auto sites_by_hour = [&] {
    Problem problem = state_problem(world);
    auto planned = plan_day(problem, world, intensity, grams_only, std::nullopt, options);
    if (!planned)
      FAIL(llvm::toString(planned.takeError()));
    std::vector<uint32_t> sites;
    for (const auto &solution : *planned)
      sites.push_back(world.nodes[solution.node_of.front()].site);
    return sites;
  };
  const std::vector<uint32_t> follows = sites_by_hour();
  CHECK(std::count(follows.begin(), follows.begin() + 12, 1) == 12);
  CHECK(std::count(follows.begin() + 12, follows.end(), 0) == 12);
  world.moving = 1e4;
  const std::vector<uint32_t> stays = sites_by_hour();
  CHECK(std::count(stays.begin(), stays.end(), stays.front()) == 24);
}

TEST_CASE(
    "A planned day keeps the rules in every hour and is no dearer than one placement for it") {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    nemo::optimiser::Random random(seed);
    World world;
    world.quietest = 0.3;
    std::vector<Day> intensity(3);
    for (uint32_t site = 0; site < 3; ++site) {
      world.network.sites.push_back({"s", "Z", 120.0 * site});
      for (double &hour : intensity[site])
        hour = 50 + 400 * random.unit();
    }
    for (uint32_t from = 0; from < 3; ++from)
      for (uint32_t to = 0; to < 3; ++to)
        world.network.delay_us.push_back(from == to ? 0 : 10'000);
    for (uint32_t node = 0; node < 12; ++node)
      world.nodes.push_back({node % 3, 4000, 8192, 40 + 60 * random.unit(),
                             150 + 100 * random.unit(), 10, random.below(4) > 0});
    world.graphs = {{"one", {{"frontend", 0.4, 256, 2}, {"mongo", 0.3, 512, 1}}, {{0, 1}}}};
    for (uint32_t i = 0; i < 15; ++i)
      world.applications.push_back({0, random.below(3), 100'000, 0.5 + 2 * random.unit()});
    Problem problem = state_problem(world);
    nemo::optimiser::Options options;
    options.effort = 200'000;
    auto plan = plan_day(problem, world, intensity, grams_only, std::nullopt, options);
    if (!plan)
      FAIL(llvm::toString(plan.takeError()));
    REQUIRE(plan->size() == 24);
    for (uint32_t hour = 0; hour < 24; ++hour) {
      set_demand(problem, world, {hour, hour + 1});
      CHECK(nemo::optimiser::evaluate(problem.model, (*plan)[hour]).violations ==
            std::vector<std::string>{});
    }
    set_demand(problem, world, {});
    set_prices(problem, world, {}, intensity, grams_only, {});
    options.effort = 80'000; // as much as the day's first placement has
    auto once = nemo::optimiser::solve(problem.model, std::nullopt, options);
    if (!once)
      FAIL(llvm::toString(once.takeError()));
    const Account hourly = settle(world, problem, *plan, intensity),
                  daily = settle(world, problem, Plan(24, *once), intensity);
    CHECK(hourly.grams <= daily.grams + 1e-3);
    CHECK(hourly.moves > 0);
  }
}
