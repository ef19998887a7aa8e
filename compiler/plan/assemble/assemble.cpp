// No figure here comes from anywhere but the named models in placement/cost.
#include "compiler/plan/assemble/assemble.h"

#include "base/version.h"
#include "compiler/placement/jobs.h"
#include "compiler/placement/watch.h"
#include "compiler/plan/assemble/expectations.h"
#include "compiler/plan/assemble/totals.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/selection.h"

namespace nemo::compiler {

Assembled assemble(const stages::Inputs &inputs, const stages::Resolved &resolved,
                   const stages::Placed &placed, const stages::Deliverable &deliverable,
                   const stages::Migration &migration) {
  Assembled result;
  proto::Plan &plan = result.plan;
  const proto::Intent &intent = inputs.intent();
  const std::vector<NodeView> nodes = views(resolved.world());
  plan.set_version(1);
  plan.set_generator(std::string("nemo ") + version_number());
  plan.set_stack(intent.stack());
  plan.set_source(inputs.source());
  if (inputs.has_commit())
    plan.set_commit(inputs.commit());
  plan.set_intent_path(inputs.intent_path());
  plan.set_intent_digest(intent.digest());
  plan.set_seed(inputs.seed());
  plan.set_effort(inputs.has_effort() ? inputs.effort() : placement::default_effort);
  plan.set_reproducible(!placed.cut());
  plan.set_destroy(inputs.destroy());
  *plan.mutable_intent() = intent;
  *plan.mutable_facts() = resolved.facts();
  const bool whole = !is_selective(inputs);
  std::vector<Stand> stands;
  for (int r = 0; r < placed.replicas_size(); ++r)
    stands.push_back({resolved.replicas(r).workload(), placed.replicas(r).node()});
  const std::vector<Figure> sent = paid(intent, resolved.world(), nodes, whole, stands);
  Sums after;
  for (int r = 0; r < placed.replicas_size(); ++r) {
    const stages::Placed::OfReplica &chosen = placed.replicas(r);
    const proto::Workload &workload =
        intent.workloads(static_cast<int>(resolved.replicas(r).workload()));
    proto::Placement &placement = *plan.add_placements();
    placement.set_workload(workload.name());
    placement.set_replica(resolved.replicas(r).number());
    placement.set_node(nodes[chosen.node()].node->name());
    placement.set_reason(chosen.reason());
    if (chosen.has_cost_ueur_per_hour())
      placement.set_cost_ueur_per_hour(chosen.cost_ueur_per_hour());
    placement.set_candidates(chosen.candidates());
    if (chosen.has_runner_up())
      placement.set_runner_up(nodes[chosen.runner_up()].node->name());
    *placement.mutable_gpus() = chosen.gpus();
    placement.set_starts_at(chosen.starts_at());
    const auto run = run_of(workload, chosen.starts_at(), resolved.world().at());
    after.add(workload.resources(), nodes[chosen.node()], run ? &*run : nullptr,
              sent.empty() ? nullptr : &sent[static_cast<size_t>(r)]);
  }
  *plan.mutable_targets() = inputs.targets();
  *plan.mutable_excludes() = inputs.excludes();
  *plan.mutable_asked() = inputs.asked();
  *plan.mutable_actions() = migration.actions();
  *plan.mutable_left_out() = migration.left_out();
  *plan.mutable_objective() = placed.objective();
  *plan.mutable_before() = totals(sums_before(intent, resolved, nodes, whole));
  *plan.mutable_after() = totals(after);
  *plan.mutable_suspended() = placed.suspended();
  *plan.mutable_shortfalls() = deliverable.shortfalls();
  Expected expected = expectations(inputs, resolved, placed);
  for (proto::Expectation &entry : expected.expectations)
    *plan.add_expectations() = std::move(entry);
  result.diagnostics = std::move(expected.diagnostics);
  return result;
}

} // namespace nemo::compiler
