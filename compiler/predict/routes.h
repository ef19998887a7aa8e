// Ways through a fleet: nodes, sites, and the links whose latency is known.
//
// A node stands at its site: it leaves through it and is reached through it at no cost, so that a
// link between two sites says what separates any node of one from any node of the other. What
// separates two nodes of one site is not said by that; it is, by a link between them, by one from
// the site to itself, or by links of these nodes to their site, which then stand in for standing at
// it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace nemo::predict {

/// What a link joins: a node (its index) or a site (its index).
struct End {
  bool site = false;
  uint32_t index = 0;
};

struct Wire {
  End from, to;                       ///< usable both ways
  std::optional<uint64_t> latency_ns; ///< one way; without it, nothing is sent over the link
};

/// A link as it is crossed.
struct Crossing {
  uint32_t wire = 0;
  bool backwards = false;
};

struct Route {
  uint64_t latency_ns = 0;
  std::vector<Crossing> crossings;
};

class Network {
public:
  /// \param site_of  for each node, the index of its site
  Network(std::vector<std::optional<uint32_t>> site_of, uint32_t sites, std::vector<Wire> wires);

  /// The way with the least latency; of several, one with the fewest links; of these, the one whose
  /// next node or site comes first (nodes before sites, by index), then whose link does. nullopt
  /// when there is none. Two nodes of one site never go by links between sites.
  /// Source: Dijkstra (1959), backwards from `to` and kept for the next question about it:
  /// O((links + sites) log sites) for each `to`.
  std::optional<Route> route(uint32_t from, uint32_t to);
  /// By node: the latency of its route to `to`; nullopt when there is none. Not kept where `to` has
  /// links of its own: asked of all nodes, that would be a table of all pairs.
  std::vector<std::optional<uint64_t>> delays(uint32_t to);

private:
  struct Arc {
    uint32_t to;                   ///< vertex
    uint32_t wire;                 ///< or `free`
    bool backwards, between_sites; ///< of the wire
  };
  using Cost = std::pair<uint64_t, uint32_t>; ///< latency, links
  using Tree = std::vector<Cost>;             ///< what is left from each vertex
  static constexpr uint32_t free = UINT32_MAX;
  static constexpr Cost unreached{UINT64_MAX, UINT32_MAX};

  uint32_t leaving(uint32_t site) const { return linked_ + 2 * site; }
  uint32_t entering(uint32_t site) const { return linked_ + 2 * site + 1; }
  void join(uint32_t from, Arc arc);
  Cost beyond(const Arc &arc, const Cost &rest) const;
  const Tree &towards(uint32_t to, bool within_site);

  std::vector<std::optional<uint32_t>> site_of_;
  std::vector<uint32_t> vertex_; ///< of each node that a link ends at, in their order; else `free`
  uint32_t linked_ = 0;          ///< such nodes
  std::vector<Wire> wires_;
  std::vector<std::vector<Arc>> out_, in_; ///< in_: the arcs reversed, `to` is where they come from
  std::map<std::pair<uint32_t, bool>, Tree> trees_;
};

} // namespace nemo::predict
