// Sums of the models' figures over replicas. Each replica's figure is rounded first, so that the
// sums are sums of what is printed.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "compiler/network/egress.h"
#include "compiler/pipeline/stages.pb.h"
#include "compiler/placement/cost.h"

namespace nemo::compiler {

/// A sum, or the first fact that is missing for it.
struct Sum {
  std::optional<int64_t> value = 0;
  std::string missing;
  void add(std::optional<int64_t> part, const std::string &missing_fact);
};

struct Sums {
  Sum milliwatts, milligrams_per_hour, ueur_per_hour;
  std::set<std::string> awake; ///< nodes that are kept so for what is added, and could be suspended
  /// \param egress  what is paid for what it sends
  void add(const proto::Resources &reserved, const NodeView &node, const Run *run = nullptr,
           const Figure *egress = nullptr);
  void add(const Figures &figures);
  void add_unknown(const std::string &missing_fact);
};

/// What each of these replicas pays for what it sends; empty where no flow pays anything.
/// \param whole  false for a plan of a part of the stack
std::vector<Figure> paid(const proto::Intent &intent, const proto::Fleet &world,
                         const std::vector<NodeView> &nodes, bool whole,
                         const std::vector<Stand> &stands);
proto::Totals totals(const Sums &sums);
/// What the stack takes as it is now.
Sums sums_before(const proto::Intent &intent, const stages::Resolved &resolved,
                 const std::vector<NodeView> &nodes, bool whole);

} // namespace nemo::compiler
