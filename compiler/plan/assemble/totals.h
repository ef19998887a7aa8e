// Sums of the models' figures over replicas. Each replica's figure is rounded first, so that the
// sums are sums of what is printed.
#pragma once

#include <optional>
#include <string>

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
  void add(const proto::Resources &reserved, const NodeView &node, const Run *run = nullptr);
  void add_unknown(const std::string &missing_fact);
};

proto::Totals totals(const Sums &sums);
/// What the stack takes as it is now.
Sums sums_before(const proto::Intent &intent, const stages::Resolved &resolved,
                 const std::vector<NodeView> &nodes);

} // namespace nemo::compiler
