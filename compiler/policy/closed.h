// Nodes that take nothing new, and replicas that somebody asked to have on one node. Both are about
// single replicas: what is on a cordoned node may stay there, and its siblings may not join it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/diagnostics/diagnostics.h"
#include "compiler/pipeline/stages.pb.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/node_bits.h"

namespace nemo::compiler {

class Closed {
public:
  Closed(const stages::Inputs &inputs, const stages::Resolved &resolved,
         const std::vector<NodeView> &nodes);

  /// Cordoned nodes on which no replica of the workload may be.
  NodeBits to_all(const proto::Workload &workload) const;
  /// The same for one replica: all cordoned nodes but the one that it may stay on.
  NodeBits to(const proto::Workload &workload, uint32_t replica) const;
  /// All nodes but the one that it is asked to be on; none where nothing is asked.
  NodeBits but_asked(const proto::Workload &workload, uint32_t replica) const;

private:
  struct Home {
    size_t node;
    bool guarded; ///< it runs protected: until somebody lifts that, not even a drain moves it
  };
  std::optional<size_t> stays(const proto::Workload &workload, uint32_t replica) const;

  NodeBits cordoned_, drained_;
  std::map<std::pair<std::string, uint32_t>, Home> homes_; ///< on cordoned nodes
  std::map<std::pair<std::string, uint32_t>, size_t> asked_;
};

/// What is asked of replicas or nodes that are not there, or not part of this plan.
std::vector<Diagnostic> refused_moves(const stages::Inputs &inputs,
                                      const stages::Resolved &resolved);

} // namespace nemo::compiler
