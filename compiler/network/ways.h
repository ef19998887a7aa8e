// The ways of a fleet from node to node.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "compiler/predict/routes.h"
#include "compiler/resolve/names.h"

namespace nemo::compiler {

/// The links of a fleet between its nodes, as predict::Network has them.
class Ways {
public:
  Ways(const proto::Fleet &world, const std::vector<NodeView> &nodes);
  std::optional<predict::Route> route(uint32_t from, uint32_t to) {
    return network_.route(from, to);
  }
  /// By node `from`: the one-way delay to `to`; nullopt where the known latencies give none.
  std::vector<std::optional<uint64_t>> delays(uint32_t to) { return network_.delays(to); }
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

} // namespace nemo::compiler
