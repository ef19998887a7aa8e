#include "orchestrator/destroy.h"

#include <set>

#include "llvm/ADT/StringExtras.h"

#include "base/diagnostics/registry.h"
#include "base/error.h"

namespace nemo::orchestrator {

namespace {

/// The user named the stack itself, not an intent that may be somebody else's: it is removed in the
/// name of whoever owns it.
std::string owner_of(const proto::Fleet &fleet, const std::string &stack) {
  for (const proto::PartState &state : fleet.parts())
    if (state.part().stack() == stack)
      return state.part().source();
  for (const proto::Running &running : fleet.running())
    if (running.stack() == stack)
      return running.source();
  return {};
}

llvm::Expected<std::string> which_stack(const proto::Fleet &fleet,
                                        const std::optional<std::string> &named,
                                        llvm::StringRef command) {
  const std::vector<std::string> all = stacks_of(fleet);
  if (named) {
    if (llvm::is_contained(all, *named))
      return *named;
    Diagnostic fault = diag::make(diag::N0814, "there is no stack '" + *named + "' here");
    fault.notes.push_back({all.empty() ? "nothing runs and nothing is wanted here"
                                       : "here are: " + llvm::join(all, ", ")});
    if (auto meant = did_you_mean(*named, all))
      fault.fix = "did you mean --stack " + *meant + "?";
    return failure(std::move(fault));
  }
  if (all.size() == 1)
    return all.front();
  if (all.empty())
    return std::string();
  Diagnostic fault = diag::make(diag::N0813, "several stacks are here: " + llvm::join(all, ", "));
  fault.fix = "name one: " + command.str() + " --stack " + all.front();
  return failure(std::move(fault));
}

} // namespace

Addressed address_stack(const std::optional<std::string> &backend,
                        const std::optional<std::string> &named, llvm::StringRef command) {
  Addressed result;
  backends::Choice choice;
  choice.name = backend.value_or("local");
  auto seen = look(choice);
  if (!seen) {
    result.diagnostics = backend_diagnostics(seen.takeError());
    return result;
  }
  result.seen = std::move(*seen);
  auto stack = which_stack(result.seen->fleet, named, command);
  if (stack)
    result.stack = std::move(*stack);
  else
    result.diagnostics = to_diagnostics(stack.takeError(), diag::N0814.id);
  return result;
}

std::vector<std::string> stacks_of(const proto::Fleet &fleet) {
  std::set<std::string> all;
  for (const proto::PartState &state : fleet.parts())
    for (const proto::Instance &instance : state.part().instances())
      if (!instance
               .retiring()) // what is wanted only until it has stopped is seen below while it runs
        all.insert(state.part().stack());
  for (const proto::Running &running : fleet.running())
    all.insert(running.stack());
  return {all.begin(), all.end()};
}

Planned plan_destroy(const DestroyRequest &request) {
  if (request.path) {
    PlanRequest plan;
    plan.path = *request.path;
    plan.backend = request.backend;
    plan.take_over = request.take_over;
    plan.destroy = true;
    plan.targets = request.targets;
    plan.excludes = request.excludes;
    return make_plan(plan);
  }
  Planned result;
  Addressed addressed = address_stack(request.backend, request.stack, "nemo destroy");
  result.seen = std::move(addressed.seen);
  result.diagnostics = std::move(addressed.diagnostics);
  const std::string &stack = addressed.stack;
  if (has_errors(result.diagnostics) || stack.empty())
    return result; // or nothing is there: no plan, and nothing wrong
  compiler::Inputs inputs;
  inputs.intent.set_edition(1);
  inputs.intent.set_stack(stack);
  inputs.intent.set_digest(check::intent_digest(inputs.intent));
  inputs.fleet = result.seen->fleet;
  inputs.backend = result.seen->capabilities;
  inputs.source = owner_of(result.seen->fleet, stack);
  inputs.take_over = request.take_over;
  inputs.destroy = true;
  inputs.targets = request.targets;
  inputs.excludes = request.excludes;
  compiler::Compiled compiled = compiler::compile(inputs);
  result.diagnostics = std::move(compiled.diagnostics);
  result.plan = std::move(compiled.plan);
  return result;
}

} // namespace nemo::orchestrator
