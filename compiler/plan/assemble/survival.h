// What a plan promises of losses.
#pragma once

#include <optional>
#include <vector>

#include "compiler/pipeline/stages.pb.h"
#include "compiler/resolve/names.h"

namespace nemo::compiler {

/// By workload that is to survive a loss: the loss that would take most with it. Placement has made
/// sure that there is room for it.
/// \param of_workload  nodes of its replicas
/// \param finished     how many more have finished
std::vector<std::optional<proto::Expectation>>
survivals(const proto::Intent &intent, const std::vector<NodeView> &nodes,
          const std::vector<std::vector<uint32_t>> &of_workload,
          const std::vector<uint32_t> &finished);

} // namespace nemo::compiler
