// A dump is read again by whoever debugs a stage, and may have been edited: it is checked like any
// input.
#include "compiler/pipeline/dump.h"

#include <map>
#include <set>

#include <google/protobuf/util/json_util.h>

#include "base/error.h"
#include "compiler/cluster/clusters.h"

namespace nemo::compiler {

namespace {

constexpr size_t largest_dump = size_t{1} << 30;
constexpr uint64_t most_replicas = 10'000'000;

proto::Span to_span(const SourceRange &range) {
  proto::Span span;
  span.set_begin(range.begin);
  span.set_end(range.end);
  span.set_line(range.line);
  span.set_column(range.column);
  span.set_end_line(range.end_line);
  span.set_end_column(range.end_column);
  return span;
}

SourceRange to_range(const proto::Span &span) {
  return {span.begin(), span.end(), span.line(), span.column(), span.end_line(), span.end_column()};
}

bool too_many(const proto::Intent &intent) {
  uint64_t wanted = 0;
  for (const proto::Workload &workload : intent.workloads())
    wanted += workload.replicas_min();
  return wanted > most_replicas;
}

// Indices that later stages follow must lead somewhere.
bool sound(const stages::Stages &state) {
  const auto workloads = static_cast<uint32_t>(state.inputs().intent().workloads_size());
  const auto nodes = static_cast<uint32_t>(state.resolved().world().nodes_size());
  for (const stages::Replica &replica : state.resolved().replicas())
    if (replica.workload() >= workloads)
      return false;
  if (state.has_resolved() &&
      state.resolved().selects_size() != state.inputs().intent().selects_size())
    return false;
  const stages::Admissible &policy = state.policy();
  if (policy.workloads_size() != 0 && static_cast<uint32_t>(policy.workloads_size()) != workloads)
    return false;
  for (const auto &entry : policy.workloads()) {
    if (entry.set() >= static_cast<uint32_t>(policy.sets_size()))
      return false;
    for (uint32_t verdict : entry.verdicts())
      if (verdict >= static_cast<uint32_t>(policy.verdicts_size()))
        return false;
  }
  for (const stages::Verdict &verdict : policy.verdicts()) {
    const stages::Restriction &from = verdict.restriction();
    const proto::Intent &intent = state.inputs().intent();
    if (from.kind() == stages::Restriction::POLICY) {
      if (from.block() >= static_cast<uint32_t>(intent.policies_size()) ||
          from.rule() >=
              static_cast<uint32_t>(intent.policies(static_cast<int>(from.block())).rules_size()))
        return false;
    } else if (from.block() >= workloads) {
      return false;
    } else if (from.kind() == stages::Restriction::PLACE &&
               from.rule() >=
                   static_cast<uint32_t>(
                       intent.workloads(static_cast<int>(from.block())).place().rules_size())) {
      return false;
    }
  }
  if (state.has_placement() &&
      state.placement().replicas_size() != state.resolved().replicas_size())
    return false;
  const auto &counts = state.placement().counts();
  if (!counts.empty() && static_cast<uint32_t>(counts.size()) != workloads)
    return false;
  for (int w = 0; w < counts.size(); ++w)
    if (const proto::Workload &workload = state.inputs().intent().workloads(w);
        counts[w] > workload.replicas_max())
      return false;
  for (const auto &chosen : state.placement().replicas())
    if (chosen.node() >= nodes || (chosen.has_runner_up() && chosen.runner_up() >= nodes))
      return false;
  return true;
}

} // namespace

std::string to_json(const stages::Stages &state) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(state, &text, options).ok())
    text.clear();
  return text;
}

llvm::Expected<stages::Stages> from_json(llvm::StringRef text) {
  if (text.size() > largest_dump)
    return failure("a dump is at most 1 GiB");
  stages::Stages state;
  auto status = google::protobuf::util::JsonStringToMessage({text.data(), text.size()}, &state);
  if (!status.ok())
    return failure("this is no dump of a stage: {}", std::string(status.message()));
  if (state.version() != 1)
    return failure("the dump has version {}; this nemo reads version 1", state.version());
  stages::Stages followed = state; // with what its clusters come to, as the stages had it
  if (const proto::Intent &intent = state.inputs().intent();
      intent.clusters_size() > 0 && !too_many(intent))
    *followed.mutable_inputs()->mutable_intent() =
        cluster::lower(intent, cluster::choose(state.inputs()).clusters);
  if (too_many(followed.inputs().intent()) || !sound(followed))
    return failure("the dump refers to things that it does not hold, or asks for too much");
  return state;
}

stages::Inputs to_proto(const Inputs &inputs) {
  stages::Inputs result;
  *result.mutable_intent() = inputs.intent;
  *result.mutable_fleet() = inputs.fleet;
  *result.mutable_backend() = inputs.backend;
  result.set_source(inputs.source);
  if (inputs.commit)
    result.set_commit(*inputs.commit);
  result.set_intent_path(inputs.intent_path);
  result.set_seed(inputs.seed);
  if (inputs.effort)
    result.set_effort(*inputs.effort);
  result.set_take_over(inputs.take_over);
  result.set_destroy(inputs.destroy);
  // In one order, however they were typed: the same selection is the same plan.
  const std::set<std::string> targets(inputs.targets.begin(), inputs.targets.end());
  const std::set<std::string> excludes(inputs.excludes.begin(), inputs.excludes.end());
  *result.mutable_targets() = {targets.begin(), targets.end()};
  *result.mutable_excludes() = {excludes.begin(), excludes.end()};
  std::map<std::pair<std::string, uint32_t>, const proto::AskedMove *> asked; // the last of each
  for (const proto::AskedMove &move : inputs.asked)
    asked[{move.workload(), move.replica()}] = &move;
  for (const auto &[replica, move] : asked)
    *result.add_asked() = *move;
  return result;
}

stages::Finding to_proto(const Diagnostic &diagnostic) {
  stages::Finding finding;
  finding.set_id(diagnostic.id);
  finding.set_severity(static_cast<uint32_t>(diagnostic.severity));
  finding.set_message(diagnostic.message);
  finding.set_file(diagnostic.file);
  *finding.mutable_range() = to_span(diagnostic.range);
  for (const Note &note : diagnostic.notes) {
    stages::Finding::Note *copy = finding.add_notes();
    copy->set_text(note.text);
    copy->set_file(note.file);
    *copy->mutable_range() = to_span(note.range);
  }
  finding.set_fix(diagnostic.fix);
  return finding;
}

Diagnostic from_proto(const stages::Finding &finding) {
  Diagnostic diagnostic;
  diagnostic.id = finding.id();
  diagnostic.severity = finding.severity() == 0   ? Severity::error
                        : finding.severity() == 1 ? Severity::warning
                                                  : Severity::note;
  diagnostic.message = finding.message();
  diagnostic.file = finding.file();
  diagnostic.range = to_range(finding.range());
  for (const stages::Finding::Note &note : finding.notes())
    diagnostic.notes.push_back({note.text(), note.file(), to_range(note.range())});
  diagnostic.fix = finding.fix();
  return diagnostic;
}

} // namespace nemo::compiler
