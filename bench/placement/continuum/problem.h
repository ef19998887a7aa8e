// The continuum as a placement problem: one model with the same rules for every policy, and the
// demand and prices of hours that one placement is kept for.
#pragma once

#include <vector>

#include "bench/placement/continuum/applications.h"
#include "bench/placement/continuum/fleet.h"
#include "bench/placement/continuum/forecast.h"
#include "compiler/placement/model/model.h"

namespace nemo::bench::continuum {

struct World {
  Network network;
  std::vector<Node> nodes;
  std::vector<Graph> graphs;
  std::vector<Application> applications;
  /// What is asked for in the quietest hour of the day, of what is asked for in the busiest.
  double quietest = 1;
  double moving = 1; ///< what moves are charged, of what they take
};

/// Of its peak, what an application is asked for in an hour UTC: by the sun at its users most at
/// 20:00, least at 8:00, a cosine between.
double share_of_peak(const World &world, const Application &application, uint32_t hour);

/// A copy of a service: what the replica of the same index is.
struct Copy {
  uint32_t application = 0, service = 0;
};

/// Every replica has a shape of its own, of the same index.
struct Problem {
  optimiser::Model model;
  std::vector<Copy> copies;
  std::vector<int64_t> peak_milli; ///< processor time of each copy, in its busiest hour
};

/// Of a day, [begin, end).
struct Hours {
  uint32_t begin = 0, end = hours_of_day;
};

/// Costs per unit, in units of optimiser::Cost.
struct Weights {
  double per_kwh = 0, per_gram = 0;
  double per_ms = 0; ///< and hour, that a copy of a frontend is away from its users
};

/// Grams and nothing else, in micrograms.
constexpr Weights grams_only{0, 1e6, 0};

/// Placements that these hours follow, and that follow them. Where there is none nobody is moved;
/// all nodes are asleep before the first hour, and awake before any other.
struct Neighbours {
  const optimiser::Solution *before = nullptr, *after = nullptr;
};

/// Capacities; everything within the radius of its users; copies of a service on different nodes;
/// databases and caches at a site that also runs one of their callers. Asked for is the peak.
Problem state_problem(const World &world);

/// What one placement needs that is kept for these hours: of each copy what its busiest asks for.
void set_demand(Problem &problem, const World &world, Hours hours);

/// What one placement that is kept for these hours adds to the cost of the day, exactly: idle power
/// and waking of nodes, load by node and hour, delay, and moves from the placement before and to
/// the one after. \param intensity  by site and hour, gCO2e/kWh.
void set_prices(Problem &problem, const World &world, Hours hours,
                const std::vector<Day> &intensity, const Weights &weights,
                const Neighbours &neighbours);

/// By node, whether it hosts something.
std::vector<bool> hosting(const World &world, const optimiser::Solution &solution);

/// What waking a node takes: some minutes at full power.
double wake_kwh(const Node &node);

/// kW per thousandth of a processor in use.
double kw_per_milli(const Node &node);

/// What moving a copy takes: between sites its memory crosses the network; and both copies run for
/// as long as a node takes to wake.
struct Move {
  double network_kwh = 0, twice_kwh = 0;
};
Move move_of(const World &world, const Problem &problem, uint32_t replica, uint32_t hour,
             uint32_t from, uint32_t to);

} // namespace nemo::bench::continuum
