// Where nodes and users are: the sites of a network of the Topology Zoo, how long a packet takes
// from one to another, and whose electricity they use.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/Support/Error.h"

namespace nemo::bench::continuum {

struct Site {
  std::string name;
  std::optional<std::string> zone; ///< of the carbon data; none: not in any that it has
  double longitude = 0;            ///< degrees east
};

struct Link {
  uint32_t from = 0, to = 0;
  int64_t delay_us = 0;
};

constexpr int64_t unreachable = INT64_MAX;

/// One way, by the fastest path; [from * sites + to]. \pre links within `sites`, delays not
/// negative. Source: Dijkstra (1959).
std::vector<int64_t> path_delays(uint32_t sites, const std::vector<Link> &links);

/// The zone whose box of longitude and latitude the place is in, the first if in several; an
/// approximation of the real borders.
std::optional<std::string> zone_at(double longitude, double latitude);

struct Network {
  std::vector<Site> sites;
  std::vector<int64_t> delay_us;
  int64_t delay(uint32_t from, uint32_t to) const { return delay_us[from * sites.size() + to]; }
};

/// \param topology  as the Topology Zoo calls it, such as "Tinet".
llvm::Expected<Network> read_network(const std::string &topology);

} // namespace nemo::bench::continuum
