#include "compiler/verify/data.h"

#include <fmt/format.h>

namespace nemo::verify {

namespace {

/// Within what its data holds a workload, and where it says so; empty: nothing does.
std::pair<std::string, const proto::Span *> hold(const proto::Workload &workload) {
  for (const proto::Mount &mount : workload.mounts())
    if (!mount.volume().empty() && mount.kind().empty())
      return {"node", &mount.span()};
  const std::string &location = workload.data().location();
  if (location == "local")
    return {"node", &workload.data().span()};
  if (location == "site" || location == "region")
    return {location, &workload.data().span()};
  return {};
}

} // namespace

const There *data_left_behind(const Case &subject, const proto::Workload &workload, uint32_t number,
                              const std::string &node) {
  const std::string within = hold(workload).first;
  const There *home = nullptr;
  if (within.empty())
    return home;
  for (const There &one : subject.there) {
    if (one.workload != workload.name() || one.replica != number || one.retiring ||
        !subject.world.nodes.count(one.node))
      continue;
    home = home ? home : &one;
    const std::string group = spread_group(subject.world.at(one.node), within);
    if (one.node == node ||
        (!group.empty() && group == spread_group(subject.world.at(node), within)))
      return nullptr;
  }
  return home;
}

void check_data(const Case &subject, Faults &faults) {
  for (const Replica &replica : subject.replicas)
    if (const There *home =
            data_left_behind(subject, *replica.workload, replica.number, replica.node))
      faults.at(diag::N0715,
                fmt::format("{} on {} leaves its data behind on {}", replica.name(), replica.node,
                            home->node),
                *hold(*replica.workload).second);
}

} // namespace nemo::verify
