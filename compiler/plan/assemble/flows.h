// Flows, and the ways of the fleet that they go.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/rational.h"
#include "compiler/pipeline/stages.pb.h"
#include "compiler/predict/routes.h"
#include "compiler/resolve/names.h"

namespace nemo::compiler {

struct Flow {
  const proto::Object *object = nullptr;
  size_t from = 0, to = 0;           ///< workloads, as the intent counts them
  std::optional<Rational> bandwidth; ///< bit/s; nullopt: nothing is reserved
  const std::string &name() const { return object->labels(0); }
};

/// In the order of the intent.
std::vector<Flow> flows_of(const proto::Intent &intent);

/// The links of a fleet between its nodes, as predict::Network has them.
class Ways {
public:
  Ways(const proto::Fleet &world, const std::vector<NodeView> &nodes);
  std::optional<predict::Route> route(uint32_t from, uint32_t to) {
    return network_.route(from, to);
  }
  /// The link as the fleet counts them, and whether it is crossed backwards.
  std::pair<int, bool> link(const predict::Crossing &crossing) const {
    return {link_of_[crossing.wire], crossing.backwards};
  }

private:
  std::vector<predict::Wire> wires(const std::vector<NodeView> &nodes);
  const proto::Fleet &world_;
  std::vector<int> link_of_; ///< for each wire
  predict::Network network_;
};

/// Nodes of a workload's replicas with how many each has, in order.
std::vector<std::pair<uint32_t, uint32_t>> counted_nodes(const std::vector<uint32_t> &placed_on);

} // namespace nemo::compiler
