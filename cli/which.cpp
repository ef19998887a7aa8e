#include "cli/which.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include "base/diagnostics/registry.h"

namespace nemo::cli {

bool Which::is(const proto::Running &instance) const {
  return (workload.empty() || workload == instance.workload()) &&
         (!replica || *replica == instance.replica());
}

std::optional<Which> parse_which(llvm::StringRef text) {
  auto [name, number] = text.split('/');
  name.consume_front("workload.");
  Which which{name.str(), std::nullopt};
  if (!text.contains('/'))
    return which;
  uint32_t replica = 0;
  if (name.empty() || number.getAsInteger(10, replica))
    return std::nullopt;
  which.replica = replica;
  return which;
}

Diagnostic no_such_workload(llvm::StringRef text, const std::set<std::string> &there,
                            llvm::StringRef command) {
  const auto which = parse_which(text);
  if (!which)
    return diag::make(diag::N0815, "'" + text.str() + "' is no WORKLOAD or WORKLOAD/REPLICA");
  Diagnostic fault = diag::make(diag::N0815, "there is no '" + text.str() + "' here");
  fault.notes.push_back(
      {there.empty() ? "nothing runs here" : "here are: " + llvm::join(there, ", ")});
  const std::vector<std::string> names(there.begin(), there.end());
  if (!there.contains(which->workload))
    if (const auto meant = did_you_mean(which->workload, names))
      fault.fix = "did you mean " + command.str() + " " + *meant + "?";
  return fault;
}

} // namespace nemo::cli
