// The objective as weights of energy, carbon and cost, taken out of the author's formulas. Linear,
// so that each replica's share of it is its own and a sum is all there is to minimise.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"
#include "compiler/placement/cost.h"
#include "compiler/policy/wishes.h"

namespace nemo::compiler {

struct Objective {
  std::string text;             ///< what is minimised, as written
  bool in_euro = true;          ///< the value is EUR/s; else it is a rate of something else
  formula::Dimension dimension; ///< of the value
  /// weights[class][node]; one entry where they are the same on every node
  std::vector<std::vector<Weights>> weights;
  std::vector<uint32_t> class_of_workload;
  std::optional<Wishes> wishes; ///< where the value is money
  uint64_t balance = 0;         ///< 1e-9 EUR/h for a core above a node's even share; 0: not asked
  std::vector<Diagnostic> diagnostics;

  const Weights &of(size_t workload, size_t node) const {
    const std::vector<Weights> &list = weights[class_of_workload[workload]];
    return list[list.size() == 1 ? 0 : node];
  }
  /// What keeping the node awake counts, at the weights with which it counts most; nothing where
  /// that is less than nothing, or the node cannot be suspended. None: a fact is missing.
  std::optional<Rational> awake(const NodeView &view, size_t node) const;
  /// What is not kept of the workload's preferences on the node, 1e-6 EUR/h.
  int64_t wish(size_t workload, size_t node) const {
    const std::vector<int64_t> *amounts = wishes ? wishes->of(workload) : nullptr;
    return amounts ? (*amounts)[node] : 0;
  }
};

/// Without an objective of the author's, the cost is minimised.
Objective read_objective(const proto::Intent &intent, const std::vector<NodeView> &nodes);

} // namespace nemo::compiler
