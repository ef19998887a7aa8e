#include "orchestrator/status.h"

#include <algorithm>
#include <tuple>

namespace nemo::orchestrator {

namespace {

auto key(const proto::Running &r) {
  return std::make_tuple(r.stack(), r.workload(), r.replica(), r.node(), r.revision());
}

} // namespace

Status status_of(const proto::Fleet &fleet, const std::string &stack) {
  Status status;
  auto shown = [&](const std::string &name) { return stack.empty() || name == stack; };
  for (const proto::Running &running : fleet.running())
    if (shown(running.stack()))
      status.replicas.push_back({running, std::nullopt});
  for (const proto::PartState &state : fleet.parts()) {
    const proto::Part &part = state.part();
    if (!shown(part.stack()))
      continue;
    status.generation = std::max(status.generation, state.generation());
    status.parts.push_back(state);
    for (const proto::Instance &instance : part.instances()) {
      proto::Running wanted;
      wanted.set_stack(part.stack());
      wanted.set_workload(instance.workload());
      wanted.set_replica(instance.replica());
      wanted.set_node(part.node());
      wanted.set_revision(instance.revision());
      const auto found =
          std::find_if(status.replicas.begin(), status.replicas.end(),
                       [&](const ReplicaStatus &r) { return key(r.observed) == key(wanted); });
      if (found != status.replicas.end()) {
        found->reserved = instance.spec().resources();
      } else if (!instance.retiring()) {
        wanted.set_source(part.source());
        wanted.set_reason("the node does not report it");
        status.replicas.push_back({wanted, instance.spec().resources()});
      }
    }
  }
  std::sort(status.replicas.begin(), status.replicas.end(),
            [](const ReplicaStatus &a, const ReplicaStatus &b) {
              return key(a.observed) < key(b.observed);
            });
  return status;
}

} // namespace nemo::orchestrator
