#include "orchestrator/loop/replan.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/clock.h"
#include "compiler/migration/lease.h"
#include "compiler/pipeline/compile.h"
#include "compiler/plan/binding.h"
#include "compiler/resolve/facts.h"
#include "compiler/verify/verify.h"
#include "orchestrator/deliver.h"
#include "orchestrator/suppose.h"

namespace nemo::loop {

namespace {

std::set<std::string> nodes_behind(const proto::Plan &plan, const proto::Fleet &fleet) {
  std::set<std::string> nodes;
  for (const proto::Part &part : plan.parts())
    if (!orchestrator::is_there(part, fleet))
      nodes.insert(part.node());
  return nodes;
}

/// Something in it was given no lease, as there were too few nodes to grant one, and could have
/// one.
bool lacks_a_lease(const proto::Plan &plan, const proto::Fleet &fleet) {
  if (fleet.nodes_size() < static_cast<int>(compiler::lease_granters))
    return false;
  std::set<std::string> once;
  for (const proto::Workload &workload : plan.intent().workloads())
    if (workload.partition() == "stop")
      once.insert(workload.name());
  return std::any_of(plan.parts().begin(), plan.parts().end(), [&](const proto::Part &part) {
    return std::any_of(
        part.instances().begin(), part.instances().end(), [&](const proto::Instance &one) {
          return !one.has_lease() && !one.retiring() && once.contains(one.workload());
        });
  });
}

/// Made from the same intent and from facts that still hold.
bool holds(const proto::Plan &plan, const Situation &now, const proto::Fleet &fleet) {
  return plan.stack() == now.checked.intent.stack() && plan.source() == now.source &&
         plan.intent_digest() == check::intent_digest(now.checked.intent) &&
         !lacks_a_lease(plan, fleet) &&
         plan::what_moved(plan, compiler::facts_read(plan.intent(), fleet)).empty();
}

/// Replicas of lost nodes that go on there, as far as anybody knows: "camera/0". What must not run
/// twice ends with its lease; where it was given none, as there were no three nodes to grant one,
/// nothing ends it.
std::vector<std::string> go_on(const Situation &now) {
  std::map<std::string, const proto::Workload *> workloads;
  for (const proto::Workload &workload : now.checked.intent.workloads())
    workloads.emplace(workload.name(), &workload);
  auto goes_on = [&](const proto::Instance &instance) {
    const auto found = workloads.find(instance.workload());
    return !instance.retiring() && found != workloads.end() &&
           (found->second->partition() == "run" ||
            (found->second->partition() == "stop" && !instance.has_lease()));
  };
  auto is_lost = [&](const std::string &node) {
    return std::any_of(now.lost.begin(), now.lost.end(),
                       [&](const LostNode &lost) { return lost.name == node; });
  };
  std::set<std::string> names;
  for (const proto::PartState &state : now.fleet.parts())
    if (state.part().stack() == now.checked.intent.stack() && is_lost(state.part().node()))
      for (const proto::Instance &instance : state.part().instances())
        if (goes_on(instance))
          names.insert(fmt::format("{}/{}", instance.workload(), instance.replica()));
  return {names.begin(), names.end()};
}

compiler::Compiled compile(const Situation &now, const proto::Fleet &fleet) {
  compiler::Inputs inputs;
  inputs.intent = now.checked.intent;
  inputs.fleet = fleet;
  inputs.backend = now.backend;
  inputs.source = now.source;
  inputs.commit = now.commit;
  inputs.intent_path = now.intent_path;
  inputs.seed = now.seed;
  inputs.effort = now.effort;
  inputs.excludes = go_on(now);
  return compiler::compile(inputs);
}

/// Nobody looks at a plan before it is carried out, so code that shares nothing with the compiler
/// does.
std::optional<proto::Plan> make(const Situation &now, const proto::Fleet &fleet,
                                std::vector<Diagnostic> &diagnostics) {
  compiler::Compiled compiled = compile(now, fleet);
  diagnostics = std::move(compiled.diagnostics);
  if (!compiled.plan)
    return std::nullopt;
  std::vector<Diagnostic> faults = verify::verify(*compiled.plan);
  if (!has_errors(faults))
    return std::move(compiled.plan);
  std::move(faults.begin(), faults.end(), std::back_inserter(diagnostics));
  return std::nullopt;
}

/// The plan that waits, where making it as of then still gives that very plan.
std::optional<proto::Plan> make_again(const Situation &now, proto::Fleet fleet) {
  constexpr std::chrono::hours oldest{24}; // no approval holds longer
  constexpr std::chrono::minutes clocks{5};
  const auto then = from_rfc3339(now.waiting->at), here = from_rfc3339(fleet.at());
  if (!then || !here || *then < *here - oldest || *then > *here + clocks)
    return std::nullopt;
  fleet.set_at(now.waiting->at);
  std::vector<Diagnostic> ignored;
  auto plan = make(now, fleet, ignored);
  return plan && plan->digest() == now.waiting->digest ? std::move(plan) : std::nullopt;
}

/// A node that is back has what it ran before. That runs elsewhere by now.
proto::Plan clearing(const proto::Plan &plan, const Situation &now) {
  proto::Plan result;
  result.set_stack(plan.stack());
  result.set_source(plan.source());
  result.set_digest(plan.digest());
  for (const LostNode &lost : now.lost)
    for (const proto::PartState &state : now.fleet.parts()) {
      const proto::Part &part = state.part();
      if (!lost.heard || part.node() != lost.name || part.stack() != plan.stack() ||
          part.instances().empty() ||
          std::any_of(part.instances().begin(), part.instances().end(),
                      [](const proto::Instance &one) { return one.protect(); }))
        continue;
      proto::Part &empty = *result.add_parts();
      empty.set_stack(plan.stack());
      empty.set_node(lost.name);
      empty.set_source(plan.source());
    }
  return result;
}

} // namespace

std::vector<proto::Action> left_to_do(const proto::Plan &plan, const proto::Fleet &fleet) {
  const std::set<std::string> behind = nodes_behind(plan, fleet);
  std::vector<proto::Action> actions;
  for (const proto::Action &action : plan.actions())
    if (action.verb() != "keep" &&
        (behind.contains(action.node()) || behind.contains(action.from_node())))
      actions.push_back(action);
  return actions;
}

Step replan(const Situation &now, const Policy &policy, const proto::Plan *before) {
  Step step;
  proto::Fleet fleet = now.fleet;
  for (const LostNode &lost : now.lost) {
    orchestrator::remove_node(fleet, lost.name);
    step.because.push_back(fmt::format("node {} is lost: {}", lost.name, lost.reason));
  }
  if (before != nullptr && holds(*before, now, fleet)) {
    step.plan = *before;
  } else {
    step.plan = make(now, fleet, step.diagnostics);
    if (!step.plan)
      return step;
  }
  if (nodes_behind(*step.plan, fleet).empty()) {
    proto::Plan clear = clearing(*step.plan, now);
    step.next = clear.parts().empty() ? Step::Next::nothing : Step::Next::clear;
    if (step.next == Step::Next::clear)
      step.plan = std::move(clear);
    return step;
  }
  auto object = [&] {
    return now.approved.contains(step.plan->digest()) ? std::vector<std::string>()
                                                      : objections(policy, *step.plan);
  };
  step.objections = object();
  if (!step.objections.empty() && before == nullptr && now.waiting &&
      now.waiting->digest != step.plan->digest())
    if (auto same = make_again(now, fleet)) {
      step.plan = std::move(same);
      step.objections = object();
    }
  step.actions = left_to_do(*step.plan, fleet);
  step.next = step.objections.empty() ? Step::Next::deliver : Step::Next::ask;
  return step;
}

} // namespace nemo::loop
