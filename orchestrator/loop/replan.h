// One step of the controller: what is wanted, what is there and who is dead go in; what is to be
// done comes out, and whether a person has to be asked. A function of these: whoever leads next
// comes to the same, and does nothing twice, because what nodes have taken is what is done.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "intent/check/check.h"
#include "orchestrator/loop/policy.h"
#include "protocol/backend.pb.h"

namespace nemo::loop {

struct LostNode {
  std::string name, reason;
  bool heard = false; ///< it is back, and not used yet
};

/// A plan that another has asked for.
struct Waiting {
  std::string digest;
  std::string at; ///< of the facts that it was made from
};

struct Situation {
  const check::Checked &checked; ///< without errors
  std::string intent_path;
  std::string source; ///< the repository that owns the stack
  std::optional<std::string> commit;
  const proto::Fleet &fleet; ///< as observed
  const proto::BackendCapabilities &backend;
  std::vector<LostNode> lost;
  std::set<std::string> approved; ///< digests of plans
  uint64_t seed = 1;
  std::optional<uint64_t> effort;
  /// For who has no plan of its own yet. It is made again, and gone on with, where what it was made
  /// from holds: so an approval of it counts whoever leads.
  std::optional<Waiting> waiting = std::nullopt;
};

struct Step {
  enum class Next {
    nothing, ///< all is as it shall be
    deliver, ///< `plan`
    ask,     ///< `plan`, for the approval of its digest
    clear,   ///< all is as it shall be, but for what lost nodes that are back still run: `plan` has
             ///< the parts that end it
    stuck,   ///< there is no plan: `diagnostics`
  };
  Next next = Next::stuck;
  std::optional<proto::Plan> plan;
  std::vector<std::string> because;    ///< "node c is lost: no heartbeat for 0.93 s"
  std::vector<std::string> objections; ///< with `ask`
  std::vector<proto::Action> actions;  ///< of the plan, those that are left to do
  std::vector<Diagnostic> diagnostics;
};

/// \param before  the plan of the last step; it is kept as long as what it was made from holds, so
///                that what a person looks at is what is approved.
Step replan(const Situation &now, const Policy &policy, const proto::Plan *before);

/// Actions that some node has yet to be told of. An action is (plan digest, id), and done when the
/// nodes it concerns have taken their parts.
std::vector<proto::Action> left_to_do(const proto::Plan &plan, const proto::Fleet &fleet);

} // namespace nemo::loop
