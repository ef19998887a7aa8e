// Room for what a node or a site takes along when it is lost.
#pragma once

#include <optional>

#include "compiler/placement/settle.h"
#include "compiler/placement/state.h"

namespace nemo::placement {

/// A node, by its index, or a site, by its domain.
struct Loss {
  bool site = false;
  uint32_t at = 0;
};

/// No placement was found after which every loss is survived.
class NotSurvived : public llvm::ErrorInfo<NotSurvived> {
public:
  static char ID;
  NotSurvived(const Loss &loss, ReplicaId stranded, NodeBits allowed)
      : loss(loss), stranded(stranded), allowed(std::move(allowed)) {}
  void log(llvm::raw_ostream &out) const override { out << "a loss would not be survived"; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }
  Loss loss;
  ReplicaId stranded;
  NodeBits allowed; ///< the nodes that are left and that no rule removes
};

/// Some workload is to survive a loss.
bool any_survives(const Problem &problem);
/// Whether every loss that workloads are to survive is survived.
/// \param nodes  a placement of everybody
bool survives(const Problem &problem, const std::vector<NodeId> &nodes);
/// The first loss that is not survived, and whom it strands.
std::optional<NotSurvived> first_fatal(const Problem &problem, const std::vector<NodeId> &nodes);

/// place_settled(), or what is known if it is the answer, with room for every loss that workloads
/// are to survive: placed, each loss tried, and where one is not survived, room held back on nodes
/// that could take what it strands, and placed again; a bounded number of times.
/// \pre problem.known is a placement if `as_it_is`
llvm::Expected<Assignment> place_surviving(Problem &problem, const Budget &budget,
                                           const Hysteresis &hysteresis, bool as_it_is);

} // namespace nemo::placement
