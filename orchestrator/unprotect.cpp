#include "orchestrator/unprotect.h"

#include <set>

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include "base/diagnostics/registry.h"
#include "base/error.h"
#include "base/pattern.h"
#include "orchestrator/deliver.h"
#include "orchestrator/destroy.h"

namespace nemo::orchestrator {

namespace {

bool is_protected(const proto::Instance &instance) {
  return instance.protect() && !instance.retiring();
}

std::optional<Diagnostic> means_nothing(const std::string &name, const proto::Fleet &fleet,
                                        const std::string &stack) {
  std::set<std::string> names;
  for (const proto::PartState &state : fleet.parts())
    if (state.part().stack() == stack)
      for (const proto::Instance &instance : state.part().instances())
        if (is_protected(instance)) {
          if (names_replica(name, instance.workload(), instance.replica()))
            return std::nullopt;
          names.insert(instance.workload());
        }
  const std::vector<std::string> list(names.begin(), names.end());
  Diagnostic fault = diag::make(
      diag::N0819,
      stack.empty()
          ? fmt::format("no stack is here, so nothing that runs protected is '{}'", name)
          : fmt::format("nothing of stack '{}' that runs protected is '{}'", stack, name));
  if (!stack.empty())
    fault.notes.push_back(
        {list.empty() ? "nothing of it runs protected" : "protected: " + llvm::join(list, ", ")});
  llvm::StringRef bare = name;
  bare.consume_front("workload.");
  if (auto meant = did_you_mean(bare.split('/').first, list))
    fault.fix = "did you mean " + *meant + "?";
  return fault;
}

} // namespace

Unprotecting plan_unprotect(const UnprotectRequest &request) {
  Unprotecting result;
  Addressed addressed = address_stack(request.backend, request.stack, "nemo unprotect NAME");
  result.seen = std::move(addressed.seen);
  result.stack = std::move(addressed.stack);
  result.diagnostics = std::move(addressed.diagnostics);
  if (has_errors(result.diagnostics))
    return result;
  const proto::Fleet &fleet = result.seen->fleet;
  for (const std::string &name : request.names)
    if (auto fault = means_nothing(name, fleet, result.stack))
      result.diagnostics.push_back(std::move(*fault));
  if (has_errors(result.diagnostics))
    return result;
  for (const proto::PartState &state : fleet.parts()) {
    if (state.part().stack() != result.stack)
      continue;
    proto::DeliverCall call;
    *call.mutable_part() = state.part();
    for (proto::Instance &instance : *call.mutable_part()->mutable_instances()) {
      auto named = [&](const std::string &name) {
        return names_replica(name, instance.workload(), instance.replica());
      };
      if (!is_protected(instance) || llvm::none_of(request.names, named))
        continue;
      instance.set_protect(false);
      if (!llvm::is_contained(call.unprotect(), instance.workload()))
        call.add_unprotect(instance.workload());
      result.objects.push_back(
          {fmt::format("{}/{}", instance.workload(), instance.replica()), state.part().node()});
    }
    if (call.unprotect().empty())
      continue;
    call.set_expected_generation(state.generation());
    call.set_holder(holder());
    result.calls.push_back(std::move(call));
  }
  return result;
}

std::vector<Diagnostic>
unprotect(Unprotecting &lifting,
          const std::function<void(const std::string &node, uint64_t generation)> &on_delivered) {
  if (auto error = lifting.seen->backend.deliver(
          lifting.calls, [&](const std::string &node, const proto::Delivered &delivered) {
            on_delivered(node, delivered.generation());
            return true;
          }))
    return backend_diagnostics(std::move(error));
  return {};
}

} // namespace nemo::orchestrator
