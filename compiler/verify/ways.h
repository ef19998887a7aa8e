// The fleet's links as a graph of names, searched forwards with whole paths as labels.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/verify/world.h"

namespace nemo::verify {

/// A link as World lists them, and whether it is crossed from `to` to `from`.
using Crossed = std::pair<size_t, bool>;

struct Way {
  uint64_t latency_ns = 0;
  std::vector<Crossed> links;
};

class Ways {
public:
  explicit Ways(const World &world);
  /// The way with the least latency, then the fewest links, then the first names (nodes before
  /// sites), then the first link; nullopt where the known latencies give none.
  const std::optional<Way> &between(const std::string &from, const std::string &to);

private:
  struct Edge {
    std::string to;
    std::optional<Crossed> link; ///< none: standing at a site costs nothing
    uint64_t latency_ns;
    bool between_sites;
  };
  void search(const std::string &from, bool within_site);

  const World &world_;
  std::map<std::string, std::vector<Edge>> edges_;
  std::map<std::pair<std::string, bool>, std::map<std::string, std::optional<Way>>> found_;
};

} // namespace nemo::verify
