// What flows pay for the links that they cross: the one part of a placement's cost that two
// replicas have in common.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "base/rational.h"
#include "compiler/network/flows.h"
#include "compiler/network/ways.h"

namespace nemo::compiler {

/// A replica of a workload, on a node.
struct Stand {
  uint32_t workload = 0, node = 0;
};

class Egress {
public:
  /// \param whole  false for a plan of a part of the stack: nobody pays anything
  Egress(const proto::Intent &intent, const proto::Fleet &world, const std::vector<NodeView> &nodes,
         bool whole);

  /// No flow with a bandwidth, or no link with a price: nobody pays anything.
  bool none() const { return flows_.empty(); }
  bool sends(size_t workload) const;    ///< a flow begins there
  bool receives(size_t workload) const; ///< a flow ends there
  bool concerns(size_t workload) const { return sends(workload) || receives(workload); }
  /// That it pays for: of a job, those of its run; else one of every hour.
  double hours(size_t workload) const { return hours_[workload]; }
  /// EUR/s that each of these replicas pays for what it sends: its share of the flow's bandwidth,
  /// spread evenly over the receivers, at the price of the way of least latency. Links without a
  /// price are free, and so is what has no way. nullopt beyond 128 bits.
  std::vector<std::optional<Rational>> paid(const std::vector<Stand> &stands);
  /// EUR/s, times hours, that one replica of a workload adds on each node, for what it sends and
  /// what it is sent, while all others stand as they do. Empty where that would be too many pairs
  /// of nodes.
  std::vector<double> added(size_t workload, const std::vector<Stand> &stands);

  /// Those with a bandwidth, where some link has a price.
  const std::vector<Flow> &flows() const { return flows_; }
  /// Of the way between two nodes, 1e-9 EUR for a GiB.
  uint64_t price(uint32_t from, uint32_t to);

private:
  const proto::Fleet &world_;
  size_t nodes_;
  std::vector<double> hours_; ///< by workload
  std::optional<Ways> ways_;
  std::vector<Flow> flows_;
  std::unordered_map<uint64_t, uint64_t> prices_; ///< by both nodes
};

} // namespace nemo::compiler
