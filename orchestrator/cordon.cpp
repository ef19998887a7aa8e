#include "orchestrator/cordon.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "backends/fleet/backend.h"
#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "orchestrator/make_plan.h"

namespace nemo::orchestrator {

std::vector<Diagnostic> cordon_node(const std::string &node, proto::CordonOrder::State state,
                                    const std::string &reason) {
  auto backend = backends::fleet::Backend::open();
  if (!backend)
    return backend_diagnostics(backend.takeError());
  auto known = backend->nodes();
  if (!known)
    return backend_diagnostics(known.takeError());
  if (!llvm::is_contained(*known, node)) {
    Diagnostic fault = diag::make(diag::N0841, fmt::format("no node '{}' is in the fleet", node));
    if (auto meant = did_you_mean(node, *known))
      fault.fix = fmt::format("did you mean {}?", *meant);
    return {std::move(fault)};
  }
  proto::CordonOrder order;
  order.set_state(state);
  order.set_reason(reason);
  if (auto error = backend->cordon(node, order))
    return to_diagnostics(std::move(error), diag::N0843.id);
  return {};
}

std::vector<StackOnNode> stacks_on(const proto::Fleet &fleet, const std::string &node) {
  std::map<std::string, std::set<std::pair<std::string, uint32_t>>> stacks;
  for (const proto::Running &one : fleet.running())
    if (one.node() == node && one.state() != proto::Running::STOPPED &&
        one.state() != proto::Running::EXITED)
      stacks[one.stack()].emplace(one.workload(), one.replica());
  std::vector<StackOnNode> result;
  for (const auto &[stack, replicas] : stacks) {
    StackOnNode &entry = result.emplace_back(StackOnNode{stack, {}});
    for (const auto &[workload, number] : replicas)
      entry.replicas.push_back(fmt::format("{}/{}", workload, number));
  }
  return result;
}

} // namespace nemo::orchestrator
