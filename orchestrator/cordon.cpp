#include "orchestrator/cordon.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "backends/fleet/backend.h"
#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "orchestrator/make_plan.h"

namespace nemo::orchestrator {

namespace {

std::vector<Diagnostic> check_node(backends::fleet::Backend &backend, const std::string &node) {
  auto known = backend.nodes();
  if (!known)
    return backend_diagnostics(known.takeError());
  if (llvm::is_contained(*known, node))
    return {};
  Diagnostic fault = diag::make(diag::N0841, fmt::format("no node '{}' is in the fleet", node));
  if (auto meant = did_you_mean(node, *known))
    fault.fix = fmt::format("did you mean {}?", *meant);
  return {std::move(fault)};
}

} // namespace

std::vector<Diagnostic> check_node(const std::string &node) {
  auto backend = backends::fleet::Backend::open();
  return backend ? check_node(*backend, node) : backend_diagnostics(backend.takeError());
}

std::vector<Diagnostic> cordon_node(const std::string &node, proto::CordonOrder::State state,
                                    const std::string &reason) {
  auto backend = backends::fleet::Backend::open();
  if (!backend)
    return backend_diagnostics(backend.takeError());
  if (auto faults = check_node(*backend, node); !faults.empty())
    return faults;
  proto::CordonOrder order;
  order.set_state(state);
  order.set_reason(reason);
  if (auto error = backend->cordon(node, order))
    return to_diagnostics(std::move(error), diag::N0843.id);
  return {};
}

llvm::Expected<OnNode> look_at_node(const std::string &node) {
  auto backend = backends::fleet::Backend::open();
  if (!backend)
    return backend.takeError();
  auto fleet = backend->observe();
  if (!fleet)
    return fleet.takeError();
  OnNode there;
  there.silent = llvm::none_of(fleet->nodes(), [&](const auto &one) { return one.name() == node; });
  if (there.silent) {
    auto last = backend->last_report(node);
    if (!last)
      return last.takeError();
    there.last_report = *last;
  } else {
    there.stacks = stacks_on(*fleet, node);
  }
  return there;
}

std::vector<StackOnNode> stacks_on(const proto::Fleet &fleet, const std::string &node) {
  std::map<std::string, std::map<std::pair<std::string, uint32_t>, bool>> stacks; // guarded?
  for (const proto::Running &one : fleet.running())
    if (one.node() == node && one.state() != proto::Running::STOPPED &&
        one.state() != proto::Running::EXITED)
      stacks[one.stack()][{one.workload(), one.replica()}] |= one.protect();
  std::vector<StackOnNode> result;
  for (const auto &[stack, replicas] : stacks) {
    StackOnNode &entry = result.emplace_back(StackOnNode{stack, {}, {}});
    for (const auto &[unit, guarded] : replicas) {
      entry.replicas.push_back(fmt::format("{}/{}", unit.first, unit.second));
      if (guarded)
        entry.guarded.push_back(entry.replicas.back());
    }
  }
  return result;
}

} // namespace nemo::orchestrator
