// How many replicas of a workload the plan decides on, where the intent leaves a range.
#include <algorithm>

#include "compiler/verify/case.h"
#include "compiler/verify/clusters.h"
#include "compiler/verify/waiting.h"

namespace nemo::verify {

namespace {

void raise(std::map<std::string, uint32_t> &counts, const std::string &workload, uint32_t replica) {
  if (replica == UINT32_MAX) // no count
    return;
  uint32_t &count = counts[workload];
  count = std::max(count, replica + 1);
}

/// A budget that speaks of those that are down, or of a share, means more of more replicas.
void keep_budget(proto::Workload &workload, uint32_t before) {
  const std::string &said = workload.budget().text();
  const uint32_t least = workload.budget().least_up(), now = workload.replicas_min();
  if (said.rfind("max-unavailable", 0) == 0 || said == "quorum = all")
    workload.mutable_budget()->set_least_up(now > before - least ? now - (before - least) : 0);
  else if (said == "quorum = majority")
    workload.mutable_budget()->set_least_up(now / 2 + 1);
  if (workload.has_budget() && workload.budget().least_up() > now)
    workload.mutable_budget()->set_least_up(now);
}

} // namespace

proto::Intent decided(const proto::Plan &plan) {
  proto::Intent intent = plan.intent();
  lower_clusters(plan, intent);
  if (plan.destroy())
    return intent;
  std::map<std::string, uint32_t> counts;
  const bool whole = plan.targets().empty() && plan.excludes().empty();
  if (whole) {
    for (const proto::Placement &placement : plan.placements())
      raise(counts, placement.workload(), placement.replica());
  } else { // a plan for a part of it leaves as many as there are
    for (const There &one : what_is_there(intent, Moves(intent), plan.facts()))
      if (!one.retiring)
        raise(counts, one.workload, one.replica);
  }
  std::map<std::string, uint32_t> first_waiting;
  for (const proto::Waiting &waiting : plan.waiting())
    if (const auto [known, fresh] =
            first_waiting.try_emplace(waiting.workload(), waiting.replica());
        !fresh)
      known->second = std::min(known->second, waiting.replica());
  const std::map<std::string, uint64_t> rank = ranks(intent);
  for (proto::Workload &workload : *intent.mutable_workloads()) {
    const auto count = counts.find(workload.name());
    const uint32_t fewest = workload.replicas_min();
    const auto first = first_waiting.find(workload.name());
    const bool waits = whole && rank.at(workload.name()) != never_waits &&
                       first != first_waiting.end() && first->second < fewest;
    if (count == counts.end() && !waits)
      continue;
    workload.set_replicas_min(
        waits ? first->second
              : std::clamp(count->second, fewest, std::max(fewest, workload.replicas_max())));
    if (workload.replicas_min() < fewest) { // the others wait
      workload.set_replicas_max(workload.replicas_min());
      const uint32_t waiting = fewest - workload.replicas_min();
      if (const uint32_t least = workload.place().min_domains())
        workload.mutable_place()->set_min_domains(least > waiting ? least - waiting : 1);
    }
    keep_budget(workload, fewest);
  }
  return intent;
}

} // namespace nemo::verify
