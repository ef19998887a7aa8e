#include "orchestrator/loop/replan.h"

#include <algorithm>

#include <fmt/format.h>

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

/// Made from the same intent and from facts that still hold.
bool holds(const proto::Plan &plan, const Situation &now, const proto::Fleet &fleet) {
  return plan.stack() == now.checked.intent.stack() && plan.source() == now.source &&
         plan.intent_digest() == check::intent_digest(now.checked.intent) &&
         plan::what_moved(plan, compiler::facts_read(plan.intent(), fleet)).empty();
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
  return compiler::compile(inputs);
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
    compiler::Compiled compiled = compile(now, fleet);
    step.diagnostics = std::move(compiled.diagnostics);
    step.plan = std::move(compiled.plan);
    if (!step.plan)
      return step;
    // Nobody looks at it before it is carried out, so code that shares nothing with the compiler
    // does.
    std::vector<Diagnostic> faults = verify::verify(*step.plan);
    if (has_errors(faults)) {
      step.plan.reset();
      std::move(faults.begin(), faults.end(), std::back_inserter(step.diagnostics));
      return step;
    }
  }
  if (nodes_behind(*step.plan, fleet).empty()) {
    proto::Plan clear = clearing(*step.plan, now);
    step.next = clear.parts().empty() ? Step::Next::nothing : Step::Next::clear;
    if (step.next == Step::Next::clear)
      step.plan = std::move(clear);
    return step;
  }
  step.actions = left_to_do(*step.plan, fleet);
  if (!now.approved.contains(step.plan->digest()))
    step.objections = objections(policy, *step.plan);
  step.next = step.objections.empty() ? Step::Next::deliver : Step::Next::ask;
  return step;
}

} // namespace nemo::loop
