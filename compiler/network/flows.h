// Flows, as the intent declares them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/rational.h"
#include "compiler/pipeline/stages.pb.h"

namespace nemo::compiler {

struct Flow {
  const proto::Object *object = nullptr;
  size_t from = 0, to = 0;           ///< workloads, as the intent counts them
  std::optional<Rational> bandwidth; ///< bit/s; nullopt: nothing is reserved
  const std::string &name() const { return object->labels(0); }
};

/// In the order of the intent.
std::vector<Flow> flows_of(const proto::Intent &intent);

/// Nodes of a workload's replicas with how many each has, in order.
std::vector<std::pair<uint32_t, uint32_t>> counted_nodes(const std::vector<uint32_t> &placed_on);

} // namespace nemo::compiler
