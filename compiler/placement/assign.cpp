// One attempt, or several where jobs can run one after the other; the best of them.
#include "compiler/placement/assign.h"

#include <cmath>
#include <set>

#include "compiler/placement/build.h"
#include "compiler/placement/report.h"
#include "compiler/placement/settle.h"
#include "compiler/placement/solve.h"
#include "compiler/placement/survive.h"
#include "compiler/placement/timetable.h"
#include "compiler/resolve/report.h"

namespace nemo::placement {

using compiler::NodeView;
using compiler::Objective;

namespace {

bool is_best(const Result &result) {
  const proto::ObjectiveValue &value = result.placed.objective();
  return result.diagnostics.empty() && value.has_gap() && value.gap() <= 0;
}

std::vector<NodeId> nodes_of(const Result &result) {
  std::vector<NodeId> nodes;
  for (const auto &replica : result.placed.replicas())
    nodes.push_back(NodeId(replica.node()));
  return nodes;
}

/// Who moves: jobs that have begun, and everybody.
std::pair<size_t, size_t> moved(const Setting &set, const Result &result) {
  std::pair<size_t, size_t> count;
  for (size_t r = 0; r < set.free->replicas.size(); ++r) {
    const Replica &replica = set.free->replicas[r];
    if (replica.home == nowhere ||
        replica.home == NodeId(result.placed.replicas(static_cast<int>(r)).node()))
      continue;
    ++count.second;
    count.first +=
        set.jobs.has_begun(set.inputs.intent().workloads(static_cast<int>(replica.need)).name(),
                           set.resolved.replicas(static_cast<int>(r)).number());
  }
  return count;
}

// What has begun stays if it can; beyond that, moves are for what saves more than their toll.
bool is_better(const Setting &set, const Result &one, const Result &other) {
  if (has_errors(one.diagnostics) || has_errors(other.diagnostics))
    return !has_errors(one.diagnostics) && has_errors(other.diagnostics);
  const auto moves = moved(set, one), before = moved(set, other);
  if (moves.first != before.first)
    return moves.first < before.first;
  const proto::ObjectiveValue &value = one.placed.objective(), &was = other.placed.objective();
  if (!value.has_value_ueur_per_hour() || !was.has_value_ueur_per_hour())
    return false;
  const auto cost = static_cast<double>(value.value_ueur_per_hour()),
             cost_before = static_cast<double>(was.value_ueur_per_hour());
  const double toll = moves.second == before.second ? 0
                                                    : (moves.second < before.second ? 1 : -1) *
                                                          hysteresis * std::abs(cost_before);
  return cost < cost_before + toll;
}

/// Jobs one after the other, as far as that is better than what there is.
void share_in_time(const Setting &set, const Problem &all_day, const Budget &budget,
                   Result &result) {
  Problem free = *set.free;
  const Hysteresis hysteresis = hysteresis_of(set.inputs, set.resolved, set.jobs);
  auto relaxed = place_surviving(free, budget, hysteresis, false);
  if (!relaxed) { // and so there is nothing at any starts
    llvm::consumeError(relaxed.takeError());
    return;
  }
  std::vector<NodeId> nodes = relaxed->node_of_replica;
  std::set<std::vector<int64_t>> tried;
  constexpr size_t rounds = 3;
  while (tried.size() < rounds && !is_best(result)) {
    std::vector<int64_t> starts = timetable(set.inputs.intent(), set.resolved, set.nodes,
                                            set.objective, set.jobs, all_day, nodes);
    if (!tried.insert(starts).second)
      return;
    const compiler::Jobs timed = set.jobs.starting_at(std::move(starts));
    if (slots(timed, all_day.parts, set.resolved.world().at(), set.resolved).size() > most_slots)
      return;
    Result found = solve(set, timed, budget);
    if (has_errors(found.diagnostics))
      return;
    nodes = nodes_of(found);
    if (is_better(set, found, result))
      result = std::move(found);
  }
}

} // namespace

Budget budget_of(const stages::Inputs &inputs, const Watch &watch) {
  Budget budget;
  budget.seed = inputs.seed();
  budget.watch = watch;
  if (inputs.has_effort())
    budget.effort = inputs.effort();
  else if (watch.time_limit)
    budget.effort = UINT64_MAX;
  return budget;
}

Result assign(const stages::Inputs &inputs, const stages::Resolved &resolved,
              const stages::Admissible &admissible, const Watch &watch, const Start &start) {
  Result result;
  const proto::Intent &intent = inputs.intent();
  const std::vector<NodeView> nodes = compiler::views(resolved.world());
  Objective objective = compiler::read_objective(intent, nodes);
  result.diagnostics = std::move(objective.diagnostics);
  if (!inputs.destroy())
    for (Diagnostic &fault : quotas(intent, resolved))
      result.diagnostics.push_back(std::move(fault));
  if (has_errors(result.diagnostics))
    return result;
  const compiler::Jobs jobs(inputs, resolved);
  result.diagnostics.insert(result.diagnostics.end(), jobs.diagnostics().begin(),
                            jobs.diagnostics().end());
  if (has_errors(result.diagnostics))
    return result;
  Budget budget = budget_of(inputs, watch);
  if (watch.better)
    budget.watch.better = [&](Found found) {
      found.in_euro = objective.in_euro;
      watch.better(found);
    };
  std::optional<Problem> all_day, free;
  if (compiler::jobs_share(intent, resolved)) {
    all_day = build(inputs, resolved, admissible, objective, jobs);
    free = without_jobs_room(*all_day, jobs);
  }
  const bool shared = free && start.nodes.empty() && !start.as_it_is;
  if (shared)
    budget.share = 0.4; // others follow
  const Setting set{inputs, resolved, admissible, nodes, objective, jobs, start, free};
  Result best = solve(set, jobs, budget);
  if (shared && !is_best(best))
    share_in_time(set, *all_day, budget, best);
  result.placed = std::move(best.placed);
  for (Diagnostic &fault : best.diagnostics)
    result.diagnostics.push_back(std::move(fault));
  return result;
}

} // namespace nemo::placement
