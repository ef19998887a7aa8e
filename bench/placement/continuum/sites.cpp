#include "bench/placement/continuum/sites.h"

#include <map>
#include <queue>

#include "bench/placement/input/text.h"
#include "llvm/ADT/StringRef.h"

namespace nemo::bench::continuum {

namespace {

// The data set's delays are distance / 0.6 km per microsecond, twice as fast as light; in fibre it
// is 0.2.
constexpr int64_t slower_in_fibre = 3;

struct Box {
  const char *zone;
  double west, east, south, north;
};
constexpr Box boxes[] = {
    {"DE", 6, 15, 47.4, 55},
    {"NL", 3.4, 6.9, 50.8, 53.6},
    {"PL", 15, 24.1, 49.2, 54.8},
    {"ES", -9.3, 3.3, 36, 43.6},
    {"SE", 11, 24, 55.3, 69},
    {"BPAT", -124.5, -114, 42, 49},
    {"CISO", -124.4, -114.5, 32.5, 42},
    {"ERCO", -104, -94, 26, 34},
    {"FPL", -83, -79.8, 24.5, 30.6},
    {"ISNE", -73.4, -67, 41, 47.4},
    {"NYISO", -79.7, -73.4, 40.4, 45},
    {"PJM", -85, -74.4, 36.6, 41.9},
    {"AUS_QLD", 138, 154, -29, -10},
};

// The rows of one topology, the named columns in the order asked for.
llvm::Expected<std::vector<std::vector<std::string>>>
rows_of(const std::string &topology, const std::string &file, std::vector<const char *> names) {
  const std::string path = data_file(file);
  auto table = read_table(path);
  if (!table)
    return table.takeError();
  std::vector<size_t> columns;
  names.insert(names.begin(), "topology");
  for (const char *name : names) {
    auto column = table->column(name);
    if (!column)
      return column.takeError();
    columns.push_back(*column);
  }
  std::vector<std::vector<std::string>> out;
  for (const auto &row : table->rows)
    if (row[columns[0]] == topology) {
      out.emplace_back();
      for (size_t i = 1; i < columns.size(); ++i)
        out.back().push_back(row[columns[i]]);
    }
  if (out.empty())
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   path + ": no topology '" + topology + "'");
  return out;
}

llvm::Error broken(const std::string &topology, size_t row) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                 "topology %s: row %zu is not understood", topology.c_str(), row);
}

} // namespace

std::vector<int64_t> path_delays(uint32_t sites, const std::vector<Link> &links) {
  std::vector<std::vector<const Link *>> out_of(sites);
  for (const Link &link : links)
    out_of[link.from].push_back(&link);
  std::vector<int64_t> delays(size_t{sites} * sites, unreachable);
  using Reached = std::pair<int64_t, uint32_t>;
  for (uint32_t source = 0; source < sites; ++source) {
    int64_t *delay = delays.data() + size_t{source} * sites;
    std::priority_queue<Reached, std::vector<Reached>, std::greater<>> next;
    delay[source] = 0;
    next.emplace(0, source);
    while (!next.empty()) {
      const auto [so_far, site] = next.top();
      next.pop();
      if (so_far > delay[site])
        continue;
      for (const Link *link : out_of[site])
        if (so_far + link->delay_us < delay[link->to]) {
          delay[link->to] = so_far + link->delay_us;
          next.emplace(delay[link->to], link->to);
        }
    }
  }
  return delays;
}

std::optional<std::string> zone_at(double longitude, double latitude) {
  for (const Box &box : boxes)
    if (longitude >= box.west && longitude <= box.east && latitude >= box.south &&
        latitude <= box.north)
      return box.zone;
  return std::nullopt;
}

llvm::Expected<Network> read_network(const std::string &topology) {
  auto nodes =
      rows_of(topology, "network/topology_zoo_nodes.csv.gz", {"node", "label", "lon", "lat"});
  if (!nodes)
    return nodes.takeError();
  auto edges = rows_of(topology, "network/topology_zoo_edges.csv.gz", {"src", "dst", "delay_us"});
  if (!edges)
    return edges.takeError();
  Network network;
  std::map<std::string, uint32_t> index;
  for (const auto &row : *nodes) {
    double longitude = 0, latitude = 0;
    if (!llvm::to_float(row[2], longitude) || !llvm::to_float(row[3], latitude) ||
        !index.emplace(row[0], static_cast<uint32_t>(network.sites.size())).second)
      return broken(topology, network.sites.size() + 1);
    network.sites.push_back({row[1], zone_at(longitude, latitude), longitude});
  }
  std::vector<Link> links;
  for (const auto &row : *edges) {
    auto from = index.find(row[0]), to = index.find(row[1]);
    uint32_t delay = 0;
    if (from == index.end() || to == index.end() || !llvm::to_integer(row[2], delay, 10))
      return broken(topology, links.size() + 1);
    links.push_back({from->second, to->second, delay * slower_in_fibre});
  }
  network.delay_us = path_delays(static_cast<uint32_t>(network.sites.size()), links);
  return network;
}

} // namespace nemo::bench::continuum
