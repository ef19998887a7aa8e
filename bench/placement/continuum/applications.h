// The applications: public graphs of microservices, many instances of each, with users at a site
// and a limit on how long a request may be on its way.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench/placement/continuum/sites.h"
#include "llvm/Support/Error.h"

namespace nemo::bench::continuum {

struct Service {
  std::string name;
  double cores = 0, memory_mib = 0; ///< that one copy asks for, before the instance's load
  uint32_t copies = 1;
};

struct Graph {
  std::string name;
  std::vector<Service> services; ///< callers before those they call; the first is the frontend
  std::vector<std::pair<uint32_t, uint32_t>> calls;
};

/// Online Boutique, and DeathStarBench's social network, hotel reservation and media.
llvm::Expected<std::vector<Graph>> read_graphs();

/// What is left of a graph of any order: what the frontend reaches by calls, callers first.
/// \returns an error when calls form a circle.
llvm::Expected<Graph> in_call_order(const Graph &graph, const std::string &frontend);

/// The most calls that follow each other. \pre callers stand before those they call
uint32_t depth(const Graph &graph);

/// A database or cache.
bool is_store(const Service &service);

struct Application {
  uint32_t graph = 0, access_site = 0;
  int64_t limit_us = 0; ///< one way, from the users along any chain of calls to its end
  double load = 1;      ///< times the demands of its services
};

/// Whoever is no further than this from the users keeps the limit, whichever copies call each
/// other: a chain of `depth` calls is on its way for radius + depth * 2 * radius at most.
int64_t radius_us(const Application &application, const Graph &graph);

struct Demand {
  uint32_t applications = 0;
  double cores = 0; ///< of all together
  uint64_t seed = 1;
};

/// Instances in turn of each graph, with seeded users, limits and load; users are where at least
/// two sites with nodes are within the radius. \param hosts  sites that have nodes.
llvm::Expected<std::vector<Application>> make_applications(const std::vector<Graph> &graphs,
                                                           const Network &network,
                                                           const std::vector<uint32_t> &hosts,
                                                           const Demand &demand);

} // namespace nemo::bench::continuum
