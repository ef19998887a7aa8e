#include "compiler/why/scene.h"

#include <algorithm>
#include <tuple>

#include "compiler/placement/bonds.h"
#include "compiler/placement/build_devices.h"
#include "compiler/placement/conflict.h"

namespace nemo::why {

using placement::NodeId;

Scene::Scene(const stages::Stages &stages)
    : stages(stages), intent(stages.inputs().intent()),
      nodes(compiler::views(stages.resolved().world())),
      objective(compiler::read_objective(intent, nodes)), jobs(stages.inputs(), stages.resolved()),
      problem(
          placement::build(stages.inputs(), stages.resolved(), stages.policy(), objective, jobs)) {
  if (compiler::jobs_share(intent, stages.resolved()))
    hold_while_running();
  for (const auto &replica : stages.placement().replicas())
    assignment.node_of_replica.push_back(NodeId(replica.node()));
  for (const auto &replica : stages.placement().replicas())
    assignment.devices_of_replica.push_back(placement::DeviceTables::bits(replica.gpus()));
  placement::settle_bonds(problem, assignment.node_of_replica);
}

// Where jobs do not fit that hold their room all the time, they run one after the other.
void Scene::hold_while_running() {
  placement::State state(problem);
  bool fit = true;
  std::vector<int64_t> starts(problem.needs.size());
  for (size_t r = 0; r < problem.replicas.size() && fit; ++r) {
    const auto &replica = stages.placement().replicas(static_cast<int>(r));
    fit = state.fits(r, replica.node());
    if (fit)
      state.put(r, replica.node(), placement::DeviceTables::bits(replica.gpus()));
  }
  if (fit)
    return;
  for (size_t r = 0; r < problem.replicas.size(); ++r)
    if (const size_t w = problem.replicas[r].need; jobs.is_job(w))
      starts[w] = jobs.after_at(stages.placement().replicas(static_cast<int>(r)).starts_at());
  problem = placement::build(stages.inputs(), stages.resolved(), stages.policy(), objective,
                             jobs.starting_at(std::move(starts)));
}

std::optional<size_t> Scene::home(const placement::State &state, size_t replica) const {
  const NodeId home = problem.replicas[replica].home;
  if (home == placement::nowhere || !state.admitted(replica, placement::index(home)))
    return std::nullopt;
  return placement::index(home);
}

placement::State Scene::placed(const placement::Problem &of) const {
  placement::State state(of);
  for (size_t replica = 0; replica < of.replicas.size(); ++replica)
    state.put(replica, node_of(replica), assignment.devices_of_replica[replica]);
  return state;
}

std::vector<Excluded> excluded(const placement::Problem &problem, size_t replica) {
  const placement::Replica &who = problem.replicas[replica];
  const placement::Need &need = problem.needs[who.need];
  std::vector<Excluded> result;
  auto add = [&](const stages::Restriction &restriction, const compiler::NodeBits &nodes) {
    for (Excluded &known : result)
      if (placement::same(known.restriction, restriction)) {
        known.nodes |= nodes;
        return;
      }
    result.push_back({restriction, nodes});
  };
  for (const placement::Clause &clause : need.clauses)
    add(clause.restriction, problem.sets[clause.excluded]);
  if (who.pinned)
    add(who.pinned->restriction, problem.sets[who.pinned->excluded]);
  for (const placement::Clause &clause : who.barred)
    add(clause.restriction, problem.sets[clause.excluded]);
  if (placement::least_domains(need) > 0) {
    compiler::NodeBits unknown(problem.nodes);
    const auto &domain = problem.domain[static_cast<size_t>(need.spread)];
    for (size_t node = 0; node < problem.nodes; ++node)
      if (domain[node] == placement::unknown_domain)
        unknown.set(node);
    add(need.spreading, unknown);
  }
  if (!need.ports.empty())
    add(need.port, compiler::NodeBits(problem.nodes));
  return result;
}

std::vector<Choice> choices(const placement::State &state, const Ledger &ledger, size_t replica,
                            size_t but, std::optional<size_t> home) {
  const placement::Problem &problem = state.problem();
  std::vector<Choice> result;
  for (size_t node = 0; node < problem.nodes; ++node)
    if (node != but && state.fits(replica, node))
      if (auto total = ledger.total(node, home))
        result.push_back({node, *total});
  std::sort(result.begin(), result.end(), [&](const Choice &a, const Choice &b) {
    return a.total != b.total ? a.total < b.total
                              : problem.tie_rank[a.node] < problem.tie_rank[b.node];
  });
  return result;
}

} // namespace nemo::why
