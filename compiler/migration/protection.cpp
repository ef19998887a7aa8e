#include "compiler/migration/protection.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/resolve/report.h"

namespace nemo::compiler {

namespace {

std::string doing(const Change &change) {
  if (change.verb == "move")
    return fmt::format("move {}/{} from {} to {}", change.workload, change.replica,
                       change.from_node, change.node);
  return fmt::format("{} {}/{} on {}", change.verb, change.workload, change.replica, change.node);
}

} // namespace

std::vector<Diagnostic> protection(const stages::Inputs &inputs, const Changes &changes) {
  const proto::Intent &intent = inputs.intent();
  std::map<std::string, std::vector<const Change *>> broken;
  std::set<std::string> kept;
  for (const Change &change : changes.changes) {
    bool guarded = false;
    for (size_t old : change.olds) {
      const stages::Existing &there = *changes.olds[old].there;
      guarded |= there.protect() && !there.retiring();
    }
    if (guarded)
      broken[change.workload].push_back(&change);
    if (change.protected_before && explain::stays(change.verb))
      kept.insert(change.workload);
  }
  std::map<std::string, const proto::Workload *> blocks;
  for (const proto::Workload &workload : intent.workloads())
    blocks.emplace(workload.name(), &workload);
  std::vector<Diagnostic> out;
  for (const auto &[name, list] : broken) {
    const auto block = blocks.find(name);
    const bool here = block != blocks.end();
    Diagnostic fault = report(
        diag::N0751,
        fmt::format("workload {} is protected, and this would {}", name, doing(*list.front())),
        intent, here ? block->second->span() : proto::Span());
    for (size_t i = 1; i < list.size(); ++i)
      fault.notes.push_back(note("and " + doing(*list[i])));
    fault.notes.push_back(note(list.front()->reason));
    fault.notes.push_back(
        note(!here ? "its block is gone; it runs protected since it was applied with `protect`"
             : block->second->protect()
                 ? "it runs protected since it was applied with `protect = true`"
                 : "its block no longer says `protect`; it runs protected until that is lifted"));
    fault.fix = explain::unprotect_fix(name, intent.stack());
    out.push_back(std::move(fault));
  }
  for (const proto::Workload &workload : intent.workloads())
    if (!workload.protect() && kept.count(workload.name())) {
      Diagnostic warning =
          report(diag::N0753, explain::still_protected(workload.name()), intent, workload.span());
      warning.fix = explain::unprotect_fix(workload.name(), intent.stack());
      out.push_back(std::move(warning));
    }
  return out;
}

} // namespace nemo::compiler
