// The `cluster` blocks: which nodes each gets, and what that means for everybody else.
#pragma once

#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::cluster {

struct Chosen {
  std::vector<proto::ClusterNodes> clusters; ///< in the order of the intent
  std::vector<Diagnostic> diagnostics;
};

/// A function of the intent and the fleet alone; without nodes where everything is to go. One
/// cluster after the other, in the order of the intent; no node is in two. Nodes that the cluster's
/// workloads run on count a little less than others, so that small changes of prices do not make it
/// wander.
Chosen choose(const stages::Inputs &inputs);

/// The intent with each cluster as a selection of its nodes, which workloads that are not on it
/// stay away from.
proto::Intent lower(const proto::Intent &intent, const std::vector<proto::ClusterNodes> &clusters);

} // namespace nemo::cluster
