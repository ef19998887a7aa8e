// Nodes of a fleet that take nothing new: what an operator says of them, and what is still there.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/Support/Error.h"

#include "base/clock.h"
#include "base/diagnostics/diagnostics.h"
#include "protocol/fleet.pb.h"
#include "protocol/trust.pb.h"

namespace nemo::orchestrator {

/// N0841 where no node of that name has ever reported; empty: one has.
std::vector<Diagnostic> check_node(const std::string &node);

/// Signs it as the operator that this user is, and keeps it at the broker. A node that is away may
/// be meant, too; one that never reported is an error (N0841).
std::vector<Diagnostic> cordon_node(const std::string &node, proto::CordonOrder::State state,
                                    const std::string &reason);

struct StackOnNode {
  std::string stack;
  std::vector<std::string> replicas; ///< "web/0", in order
  std::vector<std::string> guarded;  ///< those of them that run protected
};
/// What runs on a node or waits to be started there.
std::vector<StackOnNode> stacks_on(const proto::Fleet &fleet, const std::string &node);

/// What a node of the fleet says of itself at present.
struct OnNode {
  bool silent = false;                  ///< no report of it holds: what runs there is not known
  std::optional<UnixNanos> last_report; ///< of one that is silent, where that is its own word
  std::vector<StackOnNode> stacks;
};
llvm::Expected<OnNode> look_at_node(const std::string &node);

} // namespace nemo::orchestrator
