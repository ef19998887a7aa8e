// A protected instance goes on in the next part under the same revision, or under a new name. Names
// of its peers may change with it; nothing else that it is started from may.
#include "runtime-agent/core/protect.h"

#include <fmt/format.h>

#include "llvm/ADT/STLExtras.h"

namespace nemo::agent {

namespace {

std::string without_peers(proto::Spec spec) {
  spec.clear_peers();
  return spec.SerializeAsString();
}

bool goes_on_as(const proto::Instance &was, const proto::Instance &next) {
  return !next.retiring() && next.replica() == was.replica() && next.revision() == was.revision() &&
         (next.workload() == was.workload() || next.renamed_from() == was.workload()) &&
         without_peers(next.spec()) == without_peers(was.spec());
}

} // namespace

std::vector<std::string> taken_away(const proto::Part &there, const proto::DeliverCall &call) {
  std::vector<std::string> names;
  for (const proto::Instance &was : there.instances()) {
    if (!was.protect() || was.retiring())
      continue;
    const auto &next = call.part().instances();
    const auto found = llvm::find_if(
        next, [&](const proto::Instance &instance) { return goes_on_as(was, instance); });
    if (found == next.end() ||
        (!found->protect() && !llvm::is_contained(call.unprotect(), was.workload())))
      names.push_back(fmt::format("{}/{}", was.workload(), was.replica()));
  }
  return names;
}

} // namespace nemo::agent
