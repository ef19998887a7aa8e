// The row of passes. A stage sees what those before it left in the one message, adds its own field,
// and an error ends the row; so a dump taken after any stage is all that the rest needs.
#include "compiler/pipeline/compile.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "compiler/cluster/clusters.h"
#include "compiler/lower/lower.h"
#include "compiler/migration/migrate.h"
#include "compiler/network/network.h"
#include "compiler/pipeline/dump.h"
#include "compiler/pipeline/promised.h"
#include "compiler/pipeline/replicas.h"
#include "compiler/pipeline/waiting.h"
#include "compiler/placement/assign.h"
#include "compiler/plan/assemble/assemble.h"
#include "compiler/policy/policy.h"
#include "compiler/resolve/resolve.h"
#include "compiler/resolve/suspend.h"

namespace nemo::compiler {

namespace {

constexpr std::array<llvm::StringRef, 8> names = {"intent",  "resolve",   "policy", "placement",
                                                  "network", "migration", "plan",   "lower"};

using Findings = std::vector<Diagnostic>;
using placement::Watch;

Findings run_resolve(stages::Stages &state, const stages::Inputs &inputs, const Watch &) {
  Resolution result = resolve(inputs);
  *state.mutable_resolved() = std::move(result.resolved);
  return std::move(result.diagnostics);
}

Findings run_policy(stages::Stages &state, const stages::Inputs &inputs, const Watch &) {
  Findings found = undeliverable(inputs, state.resolved());
  Judged judged = judge_policies(inputs, state.resolved());
  *state.mutable_policy() = std::move(judged.admissible);
  found.insert(found.end(), judged.diagnostics.begin(), judged.diagnostics.end());
  return found;
}

Findings run_placement(stages::Stages &state, const stages::Inputs &inputs, const Watch &watch) {
  Findings found;
  if (let_wait(state, watch, found))
    return found;
  placement::Result result = placement::assign(inputs, state.resolved(), state.policy(), watch);
  *state.mutable_placement() = std::move(result.placed);
  if (!has_errors(result.diagnostics) && !inputs.destroy() && has_ranges(inputs.intent()))
    decide_replicas(state, watch, result.diagnostics);
  if (!has_errors(result.diagnostics))
    for (Diagnostic &fault : broken_promises(inputs, state.resolved(), state.placement()))
      result.diagnostics.push_back(std::move(fault));
  return std::move(result.diagnostics);
}

Findings run_network(stages::Stages &state, const stages::Inputs &inputs, const Watch &) {
  *state.mutable_network() = shortfalls(inputs, state.resolved(), state.placement());
  return {};
}

Findings run_migration(stages::Stages &state, const stages::Inputs &inputs, const Watch &) {
  Migrated result =
      migrate(inputs, state.resolved(), state.policy(), state.placement(), state.network());
  *state.mutable_migration() = std::move(result.migration);
  return std::move(result.diagnostics);
}

Findings run_plan(stages::Stages &state, const stages::Inputs &inputs, const Watch &) {
  Assembled result =
      assemble(inputs, state.resolved(), state.placement(), state.network(), state.migration());
  *state.mutable_plan() = std::move(result.plan);
  *state.mutable_plan()->mutable_waiting() = state.placement().waiting();
  return std::move(result.diagnostics);
}

Findings run_lower(stages::Stages &state, const stages::Inputs &inputs, const Watch &) {
  Findings warnings;
  for (const stages::Finding &finding : state.findings())
    warnings.push_back(from_proto(finding));
  *state.mutable_plan() =
      lower(std::move(*state.mutable_plan()), state.resolved(), state.migration(), warnings);
  return {};
}

using Pass = Findings (*)(stages::Stages &, const stages::Inputs &, const Watch &);
constexpr std::array<Pass, 8> passes = {nullptr,     run_resolve,   run_policy, run_placement,
                                        run_network, run_migration, run_plan,   run_lower};

Compiled run(stages::Stages state, size_t next, llvm::StringRef dump_stage, const Watch &watch) {
  bool failed = false;
  bool dumped = dump_stage == state.stage();
  const proto::Intent written = state.inputs().intent();
  cluster::Chosen chosen;
  if (written.clusters_size() > 0) {
    chosen = cluster::choose(state.inputs());
    *state.mutable_inputs()->mutable_intent() = cluster::lower(written, chosen.clusters);
  }
  if (next == 1)
    for (const Diagnostic &found : chosen.diagnostics) {
      failed |= found.severity == Severity::error;
      *state.add_findings() = to_proto(found);
    }
  std::optional<nemo::stages::Inputs> decided; // with the numbers of replicas that placement chose
  while (next < passes.size() && !failed && !dumped) {
    if (!decided && state.placement().counts_size() > 0)
      decided = with_replicas(state.inputs(), state.placement().counts());
    for (const Diagnostic &found :
         passes[next](state, decided ? *decided : state.inputs(), watch)) {
      failed |= found.severity == Severity::error;
      *state.add_findings() = to_proto(found);
    }
    if (names[next] == "resolve")
      for (const proto::ClusterNodes &cluster : chosen.clusters)
        keep_awake(*state.mutable_resolved()->mutable_world(),
                   {cluster.nodes().begin(), cluster.nodes().end()});
    if (names[next] == "plan") { // which says what is written, and what was decided beside it
      *state.mutable_plan()->mutable_intent() = written;
      if (!state.inputs().destroy())
        state.mutable_plan()->mutable_clusters()->Assign(chosen.clusters.begin(),
                                                         chosen.clusters.end());
    }
    state.set_stage(names[next].str());
    dumped = dump_stage == names[next++];
  }
  Compiled result;
  for (const stages::Finding &finding : state.findings())
    result.diagnostics.push_back(from_proto(finding));
  if (dumped) {
    nemo::stages::Stages whole = state;
    *whole.mutable_inputs()->mutable_intent() = written; // choosing again gives the same
    result.dump = to_json(whole);
  }
  if (!failed && next == passes.size())
    result.plan = std::move(*state.mutable_plan());
  state.clear_plan();
  result.stages = std::move(state);
  return result;
}

} // namespace

llvm::ArrayRef<llvm::StringRef> stages() { return names; }

Compiled compile(const Inputs &inputs, llvm::StringRef dump_stage, const Watch &watch) {
  nemo::stages::Stages state;
  state.set_version(1);
  state.set_stage("intent");
  *state.mutable_inputs() = to_proto(inputs);
  return run(std::move(state), 1, dump_stage, watch);
}

llvm::Expected<Compiled> replay(llvm::StringRef dump, llvm::StringRef dump_stage,
                                const Watch &watch) {
  auto state = from_json(dump);
  if (!state)
    return state.takeError();
  const auto *at = std::find(names.begin(), names.end(), state->stage());
  if (at == names.end())
    return failure("the dump is of stage '{}', which there is none of", state->stage());
  for (const nemo::stages::Finding &finding : state->findings())
    if (finding.severity() == 0)
      return failure("the dump holds an error: {}", finding.message());
  if (std::find(names.begin(), at, dump_stage) != at)
    return failure("the dump is of stage '{}', which comes after '{}'", state->stage(),
                   dump_stage.str());
  std::vector<proto::SourceFile> files(state->inputs().intent().files().begin(),
                                       state->inputs().intent().files().end());
  Compiled compiled =
      run(std::move(*state), static_cast<size_t>(at - names.begin()) + 1, dump_stage, watch);
  compiled.files = std::move(files);
  return compiled;
}

} // namespace nemo::compiler
