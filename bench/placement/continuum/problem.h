// The continuum as a placement problem: one model, with the same rules for every policy and prices
// for a day.
#pragma once

#include <vector>

#include "bench/placement/continuum/applications.h"
#include "bench/placement/continuum/fleet.h"
#include "compiler/placement/model/model.h"

namespace nemo::bench::continuum {

struct World {
  Network network;
  std::vector<Node> nodes;
  std::vector<Graph> graphs;
  std::vector<Application> applications;
};

/// A copy of a service: what the replica of the same index is.
struct Copy {
  uint32_t application = 0, service = 0;
};

struct Problem {
  optimiser::Model model;
  std::vector<Copy> copies;
};

/// Costs per unit, in units of optimiser::Cost an hour.
struct Weights {
  double per_kwh = 0, per_gram = 0;
  double per_ms = 0; ///< that a copy of a frontend is away from its users
};

/// Capacities; everything within the radius of its users; copies of a service on different nodes;
/// databases and caches at a site that also runs one of their callers.
Problem state_problem(const World &world);

/// Prices of waking a node, of load by node, and of delay, with this intensity by site in gCO2e/kWh
/// (which sites without nodes may leave at 0).
void set_prices(Problem &problem, const World &world, const std::vector<double> &intensity,
                const Weights &weights);

/// What waking a node takes: some minutes at full power.
double wake_kwh(const Node &node);

} // namespace nemo::bench::continuum
