#include "compiler/migration/asked.h"

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/resolve/block_spec.h"
#include "compiler/resolve/report.h"
#include "compiler/resolve/selection.h"

namespace nemo::compiler {

std::vector<Diagnostic> check_asked(const stages::Inputs &inputs, const Changes &changes) {
  const proto::Intent &intent = inputs.intent();
  std::vector<Diagnostic> out;
  for (const Change &change : changes.changes) {
    if (!change.wanted || !is_asked(inputs, change.workload, change.replica))
      continue;
    const proto::Workload &workload = intent.workloads(static_cast<int>(change.wanted->workload));
    const auto refuse = [&](std::string why, const char *fix) {
      Diagnostic fault =
          report(diag::N0759,
                 fmt::format("{}/{} cannot be moved: {}", change.workload, change.replica, why),
                 intent, workload.span());
      fault.fix = fmt::format("{}: nemo apply --target {}/{} --backend fleet", fix, change.workload,
                              change.replica);
      out.push_back(std::move(fault));
    };
    if (change.verb == "create") {
      refuse("no node says that it runs", "start it");
      continue;
    }
    for (size_t old : change.olds) {
      const stages::Existing &there = *changes.olds[old].there;
      if (there.retiring() || !there.has_spec())
        continue;
      std::vector<std::string> changed =
          explain::changed_fields(own(there.spec()), own(spec_of(intent, workload)));
      if (!there.renamed_from().empty())
        changed.push_back("name, was " + there.renamed_from());
      if (changed.empty())
        continue;
      refuse("its block is not what it runs by any more, and a move changes nothing else",
             "apply that first, or take it back");
      out.back().notes.push_back(note(explain::replace_reason(changed)));
    }
  }
  return out;
}

} // namespace nemo::compiler
