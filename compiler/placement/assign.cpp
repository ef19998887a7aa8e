// What is printed is exact to its last digit, and still found without exact arithmetic for almost
// every pair of replica and node.
#include "compiler/placement/assign.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/placement/build.h"
#include "compiler/placement/report.h"
#include "compiler/resolve/report.h"

namespace nemo::placement {

using compiler::NodeView;
using compiler::Objective;

namespace {

class Figuring {
public:
  Figuring(const proto::Intent &intent, const std::vector<NodeView> &nodes,
           const Objective &objective, const Problem &problem)
      : intent_(intent), nodes_(nodes), objective_(objective), problem_(problem) {}

  // The objective's share of one replica of workload `w` on `node`, 1e-6 per hour. The table of the
  // search has it to about 1e-9; only where that leaves the rounding open is it computed exactly.
  std::optional<int64_t> exact(size_t w, size_t node) const {
    const int64_t fine = cost(problem_, problem_.needs[w], node);
    if (fine == unknown_cost)
      return std::nullopt;
    const int64_t size = std::llabs(fine);
    constexpr int64_t sure = int64_t{1} << 50; // above it, a double no longer has the digits
    const int64_t open = 2 + size / 1'000'000'000'000;
    if (size < sure && std::llabs(size % 1000 - 500) > open)
      return (fine < 0 ? -1 : 1) * ((size + 500) / 1000);
    const proto::Resources &needs = intent_.workloads(static_cast<int>(w)).resources();
    return compiler::millionths_per_hour(
        compiler::weighted(compiler::figures(needs, nodes_[node]), objective_.of(w, node)));
  }

  struct Cheapest {
    std::optional<size_t> node;        ///< of all but `except`; by cost, then name
    std::optional<int64_t> everywhere; ///< the lowest cost; none when one is not known
  };
  Cheapest cheapest(size_t w, const NodeBits &admitted, size_t except) {
    Cheapest result;
    bool unknown = false;
    std::optional<int64_t> best, lowest;
    admitted.for_each([&](size_t node) {
      std::optional<int64_t> here = exact(w, node);
      unknown |= !here;
      if (here && (!lowest || *here < *lowest))
        lowest = here;
      if (node == except)
        return;
      if (!result.node || (here && (!best || *here < *best))) {
        result.node = node;
        best = here;
      }
    });
    if (!unknown)
      result.everywhere = lowest;
    return result;
  }

private:
  const proto::Intent &intent_;
  const std::vector<NodeView> &nodes_;
  const Objective &objective_;
  const Problem &problem_;
};

stages::Placed describe(const stages::Inputs &inputs, const std::vector<NodeView> &nodes,
                        const stages::Admissible &admissible, const Objective &objective,
                        const Problem &problem, const Assignment &assignment) {
  const proto::Intent &intent = inputs.intent();
  Figuring figuring(intent, nodes, objective, problem);
  stages::Placed placed;
  proto::ObjectiveValue &value = *placed.mutable_objective();
  value.set_text(objective.text);
  value.set_bound_model(explain::bound_model());
  __int128 sum = 0, bound = 0;
  bool known = objective.in_euro, bounded = objective.in_euro;
  // Replicas of a workload on the same node have the same story: each is told once.
  for (size_t r = 0; r < problem.replicas.size(); ++r) {
    const Replica &replica = problem.replicas[r];
    const size_t w = replica.need;
    const proto::Workload &workload = intent.workloads(static_cast<int>(w));
    const size_t node = index(assignment.node_of_replica[r]);
    const NodeBits admitted = NodeBits::from_proto(
        admissible.sets(static_cast<int>(admissible.workloads(static_cast<int>(w)).set())),
        nodes.size());
    const std::optional<int64_t> cost = figuring.exact(w, node);
    const Figuring::Cheapest other = figuring.cheapest(w, admitted, node);
    stages::Placed::OfReplica &entry = *placed.add_replicas();
    entry.set_node(static_cast<uint32_t>(node));
    entry.set_candidates(static_cast<uint32_t>(admitted.count()));
    if (other.node)
      entry.set_runner_up(static_cast<uint32_t>(*other.node));
    explain::PlacementStory story;
    story.candidates = entry.candidates();
    story.cost_known = cost.has_value();
    if (other.node && cost)
      if (auto there = figuring.exact(w, *other.node); there && *there < *cost)
        story.cheaper = nodes[*other.node].node->name();
    story.stays = replica.home == NodeId(node);
    story.replicas_min = workload.replicas_min();
    story.replicas_max = workload.replicas_max();
    entry.set_reason(explain::placement_reason(story));
    if (objective.in_euro && cost)
      entry.set_cost_ueur_per_hour(*cost);
    known &= cost.has_value();
    bounded &= other.everywhere.has_value();
    sum += cost.value_or(0);
    bound += other.everywhere.value_or(0);
  }
  auto fits = [](__int128 number) { return number >= INT64_MIN && number <= INT64_MAX; };
  if (known && fits(sum))
    value.set_value_ueur_per_hour(static_cast<int64_t>(sum));
  if (bounded && fits(bound))
    value.set_bound_ueur_per_hour(static_cast<int64_t>(bound));
  if (value.has_value_ueur_per_hour() && value.has_bound_ueur_per_hour())
    value.set_gap(static_cast<double>(sum - bound) /
                  static_cast<double>(std::max<__int128>(sum < 0 ? -sum : sum, 1)));
  return placed;
}

} // namespace

Result assign(const stages::Inputs &inputs, const stages::Resolved &resolved,
              const stages::Admissible &admissible, const Budget &budget) {
  Result result;
  const proto::Intent &intent = inputs.intent();
  const std::vector<NodeView> nodes = compiler::views(resolved.world());
  Objective objective = compiler::read_objective(intent, nodes);
  result.diagnostics = std::move(objective.diagnostics);
  if (!inputs.destroy())
    for (Diagnostic &fault : quotas(intent))
      result.diagnostics.push_back(std::move(fault));
  if (has_errors(result.diagnostics))
    return result;
  const Problem problem = build(inputs, resolved, admissible, objective);
  auto found = place(problem, budget);
  if (!found) {
    llvm::handleAllErrors(
        found.takeError(),
        [&](const Infeasible &conflict) {
          result.diagnostics.push_back(tell(intent, nodes, problem, conflict));
        },
        [&](const NotFound &failure) {
          result.diagnostics.push_back(tell(intent, problem, failure));
        });
    return result;
  }
  result.placed = describe(inputs, nodes, admissible, objective, problem, *found);
  return result;
}

} // namespace nemo::placement
