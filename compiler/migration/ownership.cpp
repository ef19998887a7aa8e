// Two repositories that name their stack alike must not undo each other's work by accident.
#include "compiler/migration/ownership.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/resolve/report.h"

namespace nemo::compiler {

std::vector<Diagnostic> ownership(const stages::Inputs &inputs, const stages::Resolved &resolved) {
  const proto::Intent &intent = inputs.intent();
  std::vector<Diagnostic> out;
  std::map<std::string, std::set<std::string>> by_source;
  for (const auto *list : {&resolved.existing(), &resolved.finished()})
    for (const stages::Existing &there : *list)
      if (!there.left_out() && !there.source().empty() && there.source() != inputs.source())
        by_source[there.source()].insert(there.workload());
  if (!inputs.take_over())
    for (const auto &[source, names] : by_source) {
      std::vector<std::string> list(names.begin(), names.end());
      Diagnostic fault = diag::make(
          diag::N0750, fmt::format("stack {} belongs to another source", intent.stack()));
      fault.notes.push_back(note(fmt::format("{} {} applied from {}", enumerate(list),
                                             list.size() == 1 ? "was" : "were", source)));
      fault.notes.push_back(note(fmt::format("this intent is from {}", inputs.source())));
      fault.fix = "give the stack another name, or take it over: --take-over";
      out.push_back(std::move(fault));
    }
  return out;
}

} // namespace nemo::compiler
