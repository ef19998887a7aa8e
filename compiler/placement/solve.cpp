#include "compiler/placement/solve.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/placement/build.h"
#include "compiler/placement/describe.h"
#include "compiler/placement/figuring.h"
#include "compiler/placement/prove.h"
#include "compiler/placement/report.h"
#include "compiler/placement/scarcity.h"
#include "compiler/placement/sends.h"
#include "compiler/placement/settle.h"
#include "compiler/placement/survive.h"
#include "compiler/resolve/selection.h"

namespace nemo::placement {

using compiler::NodeView;
using compiler::Objective;

namespace {

// What no replica costs by itself: 1e-6 EUR/h that flows pay.
std::optional<int64_t> sent(const Problem &problem, const Figuring &figuring,
                            compiler::Egress &egress, const Assignment &assignment) {
  const auto where = stands(problem, assignment);
  const auto paid = egress.paid(where);
  int64_t sum = 0;
  for (size_t r = 0; r < where.size(); ++r) {
    if (!paid[r])
      return std::nullopt;
    if (paid[r]->is_zero())
      continue;
    const compiler::Figure figure{paid[r], {}};
    const auto own = figuring.exact(where[r].workload, where[r].node);
    const auto all = figuring.exactly(where[r].workload, where[r].node, nullptr, &figure);
    if (!own || !all || __builtin_add_overflow(sum, *all - *own, &sum))
      return std::nullopt;
  }
  return sum;
}

bool pays_to_send(const Problem &problem, const Objective &objective, const compiler::Jobs &jobs,
                  const compiler::Egress &egress) {
  for (size_t w = 0; w < problem.needs.size(); ++w) {
    if (problem.needs[w].count == 0 || !egress.sends(w))
      continue;
    if (jobs.is_job(w))
      return false; // when it runs is not asked here
    for (size_t node = 0; node < problem.nodes; ++node)
      if (objective.of(w, node).cost.sign() < 0)
        return false;
  }
  return true;
}

// Where few placements could cost less than the known one, the least of them.
std::optional<Least> least_of_few(const std::vector<NodeView> &nodes, const Objective &objective,
                                  const compiler::Jobs &jobs, const Problem &problem,
                                  const Assignment &known, const Hysteresis &hysteresis,
                                  const stages::Placed &placed, compiler::Egress &egress,
                                  const proto::Intent &intent) {
  if (!pays_to_send(problem, objective, jobs, egress))
    return std::nullopt;
  const Figuring figuring(intent, nodes, objective, jobs, problem, known.scarce);
  Terms terms;
  terms.own = [&](size_t w, size_t node) { return figuring.exact(w, node); };
  for (size_t node = 0; node < problem.nodes; ++node)
    terms.awake.push_back(figuring.kept_awake(node).value_or(0));
  if (!egress.none() || objective.balance != 0)
    terms.whole = [&](const std::vector<NodeId> &placement) -> std::optional<int64_t> {
      const Assignment one{placement, {}, {}};
      const auto flows = sent(problem, figuring, egress, one);
      const auto more = imbalance(problem, objective, one);
      return flows && more ? std::optional(*flows + *more) : std::nullopt;
    };
  if (any_survives(problem))
    terms.accepts = [&](const std::vector<NodeId> &nodes) { return survives(problem, nodes); };
  uint64_t moved = 0;
  for (size_t r = 0; r < problem.replicas.size(); ++r) {
    const Replica &replica = problem.replicas[r];
    const NodeId node = known.node_of_replica[r];
    moved += replica.home != nowhere && replica.home != node;
    terms.held.emplace_back();
    if (replica.home == node && !hysteresis.dwells[r].empty())
      terms.held[r] = jobs.is_job(replica.need)
                          ? placed.replicas(static_cast<int>(r)).cost_ueur_per_hour()
                          : figuring.exact(replica.need, index(node));
  }
  Within within{known, placed.objective().value_ueur_per_hour(), std::nullopt};
  if (hysteresis.most)
    within.moves =
        std::max<uint64_t>(moved, *hysteresis.most - std::min(*hysteresis.most, hysteresis.recent));
  return least_of_all(problem, terms, within);
}

// What says that there is no placement holds of the problem in which jobs take the least.
Diagnostic tell_none(const Setting &set, const Problem &problem, const Budget &budget,
                     const Infeasible &conflict) {
  Diagnostic fault = tell(set.inputs.intent(), set.nodes, problem, conflict);
  for (Note &note : tell(set.inputs.intent(), set.nodes, problem,
                         relaxations(problem, conflict, budget), set.objective.in_euro))
    fault.notes.push_back(std::move(note));
  return fault;
}

Diagnostic tell_none(const Setting &set, const Problem &problem, const Budget &budget,
                     llvm::Error error) {
  Diagnostic fault;
  llvm::handleAllErrors(
      std::move(error),
      [&](const Infeasible &conflict) {
        if (!set.free) {
          fault = tell_none(set, problem, budget, conflict);
          return;
        }
        Problem free = *set.free;
        auto found = place(free, budget);
        if (found) {
          const auto job =
              std::find_if(problem.replicas.begin(), problem.replicas.end(),
                           [&](const Replica &replica) { return set.jobs.is_job(replica.need); });
          fault = tell(set.inputs.intent(), problem,
                       NotFound(ReplicaId(static_cast<uint32_t>(job - problem.replicas.begin()))));
          return;
        }
        llvm::handleAllErrors(
            found.takeError(),
            [&](const Infeasible &proven) { fault = tell_none(set, free, budget, proven); },
            [&](const NotFound &failure) { fault = tell(set.inputs.intent(), free, failure); });
      },
      [&](const NotFound &failure) { fault = tell(set.inputs.intent(), problem, failure); },
      [&](const NotSurvived &failure) {
        fault = tell(set.inputs.intent(), set.nodes, problem, failure);
      });
  return fault;
}

// The prices of room that prove a bound where jobs need none.
std::vector<Scarce> prices_without_jobs(const Problem &free, const Assignment &found,
                                        const Budget &budget) {
  State state(free);
  for (size_t r = 0; r < free.replicas.size(); ++r)
    state.put(r, index(found.node_of_replica[r]),
              found.devices_of_replica.empty() ? 0 : found.devices_of_replica[r]);
  return all_at_best(state) ? std::vector<Scarce>() : scarcity(state, budget.bound_steps).rooms;
}

} // namespace

Result solve(const Setting &set, const compiler::Jobs &timed, Budget budget) {
  Result result;
  const proto::Intent &intent = set.inputs.intent();
  Problem problem = build(set.inputs, set.resolved, set.admissible, set.objective, timed);
  problem.known = set.start.nodes;
  const Hysteresis hysteresis = hysteresis_of(set.inputs, set.resolved, set.jobs);
  budget.share *= hysteresis.most ? 0.5 : 1;
  compiler::Egress egress(intent, set.resolved.world(), set.nodes,
                          !compiler::is_selective(set.inputs));
  const bool flows = !egress.none() && !set.start.as_it_is;
  std::optional<Problem> whole; // settling pins replicas in the other
  if (flows || problem.replicas.size() <= most_of_few)
    whole = problem;
  if (flows)
    budget.share *= 0.4; // rounds follow
  auto found = place_surviving(problem, budget, hysteresis, set.start.as_it_is);
  if (found && flows)
    found = place_flows(*whole, budget, hysteresis, set.objective, egress, std::move(*found));
  if (!found) {
    result.diagnostics.push_back(tell_none(set, problem, budget, found.takeError()));
    return result;
  }
  if (set.free)
    found->scarce = prices_without_jobs(*set.free, *found, budget);
  const auto described = [&] {
    return describe(set.inputs, set.nodes, set.admissible, set.objective, set.jobs, timed,
                    set.free ? *set.free : problem, *found, hysteresis.held(problem, *found),
                    set.resolved, egress);
  };
  result.placed = described();
  if (whole && result.placed.objective().gap() > 0)
    if (const auto least =
            least_of_few(set.nodes, set.objective, set.jobs, set.free ? *set.free : *whole, *found,
                         hysteresis, result.placed, egress, intent)) {
      // Who runs does not move for every saving; and where jobs share room, there may be none.
      if (!least->nodes.empty() && !set.start.as_it_is && !set.free &&
          std::all_of(problem.replicas.begin(), problem.replicas.end(),
                      [](const Replica &replica) { return replica.home == nowhere; })) {
        found->node_of_replica = least->nodes;
        result.placed = described();
      }
      proto::ObjectiveValue &value = *result.placed.mutable_objective();
      if (least->cost > value.bound_ueur_per_hour()) {
        value.set_bound_ueur_per_hour(least->cost);
        value.set_bound_model(explain::searched_bound_model());
        if (!least->priced)
          value.clear_scarce();
        set_gap(value);
      }
    }
  result.placed.set_cut(found->cut);
  return result;
}

} // namespace nemo::placement
