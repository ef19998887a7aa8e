#include "compiler/pipeline/waiting.h"

#include <algorithm>

#include "compiler/explain/texts.h"
#include "compiler/pipeline/replicas.h"
#include "compiler/placement/admit.h"
#include "compiler/placement/assign.h"
#include "compiler/placement/build.h"
#include "compiler/placement/objective.h"
#include "compiler/policy/policy.h"
#include "compiler/resolve/finished.h"
#include "compiler/resolve/selection.h"

namespace nemo::compiler {

namespace {

using placement::Admission;

/// By workload: the numbers of its replicas that have not finished.
using Numbers = std::vector<std::vector<uint32_t>>;

Numbers numbers_of(const stages::Stages &state) {
  Numbers numbers(static_cast<size_t>(state.inputs().intent().workloads_size()));
  for (const stages::Replica &replica : state.resolved().replicas())
    numbers[replica.workload()].push_back(replica.number());
  return numbers;
}

/// Places as many as have room, and takes the places over into `admission`.
bool place(stages::Stages &state, const placement::Problem &whole, const Numbers &numbers,
           Admission &admission, const placement::Watch &watch, bool as_it_is,
           std::vector<Diagnostic> &diagnostics) {
  google::protobuf::RepeatedField<uint32_t> counts;
  for (size_t w = 0; w < numbers.size(); ++w)
    counts.Add(admission.counts[w] < numbers[w].size()
                   ? numbers[w][admission.counts[w]]
                   : state.inputs().intent().workloads(static_cast<int>(w)).replicas_min());
  const stages::Inputs inputs = with_replicas(state.inputs(), counts);
  *state.mutable_resolved() = resolve_again(inputs, state.resolved());
  *state.mutable_policy() = judge_policies(inputs, state.resolved()).admissible;
  placement::Start start;
  start.as_it_is = as_it_is;
  for (const placement::NodeId node : admission.nodes)
    if (node != placement::nowhere)
      start.nodes.push_back(node);
  placement::Result result =
      placement::assign(inputs, state.resolved(), state.policy(), watch, start);
  *state.mutable_placement() = std::move(result.placed);
  *state.mutable_placement()->mutable_counts() = counts;
  diagnostics = std::move(result.diagnostics);
  if (has_errors(diagnostics))
    return false;
  int next = 0;
  for (size_t n = 0; n < whole.needs.size(); ++n)
    for (uint32_t k = 0; k < whole.needs[n].count; ++k)
      admission.nodes[whole.needs[n].first + k] =
          k < admission.counts[n] ? placement::NodeId(state.placement().replicas(next++).node())
                                  : placement::nowhere;
  return true;
}

} // namespace

bool let_wait(stages::Stages &state, const placement::Watch &watch,
              std::vector<Diagnostic> &diagnostics) {
  const stages::Inputs &inputs = state.inputs();
  const proto::Intent &intent = inputs.intent();
  if (inputs.destroy() || is_selective(inputs))
    return false;
  std::vector<placement::Turn> turns =
      placement::queue(intent, finished_replicas(intent, state.resolved()));
  if (turns.empty())
    return false;
  const std::vector<NodeView> nodes = views(state.resolved().world());
  const Objective objective = read_objective(intent, nodes);
  if (has_errors(objective.diagnostics))
    return false;
  const placement::Problem problem = placement::build(inputs, state.resolved(), state.policy(),
                                                      objective, Jobs(inputs, state.resolved()));
  std::optional<Admission> admission =
      placement::admit(problem, turns, placement::budget_of(inputs, watch));
  if (!admission)
    return false;
  const Numbers numbers = numbers_of(state);
  if (place(state, problem, numbers, *admission, watch, false, diagnostics) &&
      placement::settle_waiting(problem, turns, *admission))
    place(state, problem, numbers, *admission, watch, true, diagnostics);
  std::stable_sort(turns.begin(), turns.end(),
                   [](const auto &a, const auto &b) { return a.workload < b.workload; });
  for (const placement::Turn &turn : turns)
    for (uint32_t number = turn.first; number < turn.first + turn.count; ++number)
      if (number >= admission->counts[turn.workload]) {
        const proto::Workload &workload = intent.workloads(static_cast<int>(turn.workload));
        proto::Waiting &waiting = *state.mutable_placement()->add_waiting();
        waiting.set_workload(workload.name());
        waiting.set_replica(numbers[turn.workload][number]);
        waiting.set_reason(
            explain::waiting_reason(turn.priority, workload.gang() ? turn.count : 1));
      }
  return true;
}

} // namespace nemo::compiler
