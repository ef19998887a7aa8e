// Nodes that exclusive workloads keep to themselves, as far as that follows from what stays: other
// stacks, and replicas of this one that are left as they are.
#pragma once

#include <map>
#include <string>

#include "compiler/pipeline/stages.pb.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/node_bits.h"

namespace nemo::compiler {

class Claims {
public:
  Claims(const std::string &stack, const stages::Resolved &resolved,
         const std::vector<NodeView> &nodes);

  /// Nodes that `workload` may not share: those with anybody else who stays if it is exclusive,
  /// else those with somebody else who is.
  NodeBits kept_from(const proto::Workload &workload) const;

private:
  NodeBits anybody_, exclusive_; ///< nodes with one who stays, with an exclusive one
  /// By workload: nodes where its own replicas stay and nobody else does.
  std::map<std::string, NodeBits> alone_;
};

} // namespace nemo::compiler
