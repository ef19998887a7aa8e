// Completeness first, then every hard rule about every (replica, node).
#include "compiler/verify/case.h"

#include <set>

#include <fmt/format.h>

namespace nemo::verify {

void check_placements(Case &subject, Faults &faults) {
  std::vector<const proto::Workload *> workloads;
  if (!subject.plan.destroy())
    for (const proto::Workload &workload : subject.intent.workloads())
      workloads.push_back(&workload);
  std::set<std::pair<std::string, uint32_t>> wanted;
  for (const proto::Workload *workload : workloads)
    for (uint32_t number = 0; number < workload->replicas_min(); ++number) {
      if (!subject.takes(workload->name(), number) || subject.is_over(workload->name(), number))
        continue;
      subject.replicas.push_back({workload, number, {}});
      wanted.emplace(workload->name(), number);
    }
  const auto &placements = subject.plan.placements();
  std::set<std::pair<std::string, uint32_t>> seen;
  for (int i = 0; i < placements.size(); ++i) {
    const proto::Placement &placement = placements[i];
    const std::string name = fmt::format("{}/{}", placement.workload(), placement.replica());
    if (!wanted.count({placement.workload(), placement.replica()}))
      faults.add(diag::N0713,
                 fmt::format("placements[{}] places {}, which the intent does not want", i, name));
    else if (!seen.emplace(placement.workload(), placement.replica()).second)
      faults.add(diag::N0713, fmt::format("placements[{}] places {} a second time", i, name));
    if (!subject.world.nodes.count(placement.node()))
      faults.add(diag::N0713, fmt::format("placements[{}] puts {} on '{}', which is no node of the "
                                          "facts",
                                          i, name, placement.node()));
  }
  for (const auto &[workload, number] : wanted)
    if (!seen.count({workload, number}))
      faults.add(diag::N0713, fmt::format("{}/{} is not placed", workload, number));
  if (!faults.empty())
    return;
  for (size_t i = 0; i < subject.replicas.size(); ++i) {
    Replica &replica = subject.replicas[i];
    const proto::Placement &placement = placements[static_cast<int>(i)];
    const std::string found = fmt::format("{}/{}", placement.workload(), placement.replica());
    if (found != replica.name())
      faults.differs(diag::N0713, fmt::format("placements[{}]", i), found, replica.name());
    replica.node = placement.node();
    replica.gpus.assign(placement.gpus().begin(), placement.gpus().end());
  }
}

void check_rules(const Case &subject, Faults &faults) {
  for (const Replica &replica : subject.replicas)
    for (const Broken &broken : broken_rules(subject.question(replica))) {
      Diagnostic &fault = faults.at(
          diag::N0714,
          fmt::format("{} may not run on {}: {}", replica.name(), replica.node, broken.what),
          broken.span);
      if (!broken.why.empty())
        fault.notes.push_back({broken.why, {}, {}});
    }
}

} // namespace nemo::verify
