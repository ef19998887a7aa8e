#include "orchestrator/explain.h"

namespace nemo::orchestrator {

Explained explain(PlanRequest request, const std::string &workload,
                  std::optional<uint32_t> replica) {
  request.keep_stages = true;
  Explained result;
  result.planned = make_plan(request);
  const stages::Stages &stages = result.planned.stages;
  // A fault of a later pass (an expectation that does not hold, say) leaves the placement standing.
  if ((stages.placement().replicas().empty() && stages.resolved().finished().empty()) ||
      stages.placement().replicas_size() != stages.resolved().replicas_size())
    return result;
  const proto::Intent &intent = stages.inputs().intent();
  for (int w = 0; w < intent.workloads_size(); ++w)
    if (intent.workloads(w).name() == workload)
      result.explanation = why::explain(stages, static_cast<size_t>(w), replica);
  if (!result.explanation)
    return result;
  auto rename = [&](why::Removal &rule) {
    rule.file = name_as_found(rule.file, result.planned.checked);
  };
  for (why::Story &story : result.explanation->stories) {
    for (why::Removal &rule : story.removals)
      rename(rule);
    for (why::Opening &opening : story.openings)
      rename(opening.rule);
  }
  return result;
}

} // namespace nemo::orchestrator
