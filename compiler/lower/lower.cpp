// Parts are in order of node, their instances as migration ordered them. A node that keeps nothing
// of the stack gets an empty part: that is how it learns so.
#include "compiler/lower/lower.h"

#include <map>
#include <set>

#include "compiler/plan/binding.h"

namespace nemo::compiler {

namespace {

proto::Diagnostic to_proto(const Diagnostic &diagnostic, const proto::Intent &intent) {
  proto::Diagnostic result;
  result.set_id(diagnostic.id);
  result.set_severity(diagnostic.severity == Severity::error     ? "error"
                      : diagnostic.severity == Severity::warning ? "warning"
                                                                 : "note");
  result.set_message(diagnostic.message);
  result.set_file(diagnostic.file);
  if (diagnostic.range.line != 0) {
    proto::Span &span = *result.mutable_span();
    for (int file = 0; file < intent.files_size(); ++file)
      if (intent.files(file).path() == diagnostic.file)
        span.set_file(static_cast<uint32_t>(file));
    span.set_begin(diagnostic.range.begin);
    span.set_end(diagnostic.range.end);
    span.set_line(diagnostic.range.line);
    span.set_column(diagnostic.range.column);
    span.set_end_line(diagnostic.range.end_line);
    span.set_end_column(diagnostic.range.end_column);
  }
  for (const Note &note : diagnostic.notes)
    result.add_notes(note.text);
  result.set_fix(diagnostic.fix);
  return result;
}

} // namespace

proto::Plan lower(proto::Plan plan, const stages::Resolved &resolved,
                  const stages::Migration &migration, const std::vector<Diagnostic> &warnings) {
  std::set<std::string> known;
  for (const proto::Node &node : resolved.world().nodes())
    known.insert(node.name());
  std::map<std::string, proto::Part> parts;
  for (const proto::PartState &state : resolved.facts().parts())
    if (state.part().stack() == plan.stack() && known.count(state.part().node()))
      parts[state.part().node()];
  for (const stages::Migration::OnNode &entry : migration.instances())
    *parts[entry.node()].add_instances() = entry.instance();
  for (auto &[node, part] : parts) {
    part.set_stack(plan.stack());
    part.set_node(node);
    part.set_source(plan.source());
    if (plan.has_commit())
      part.set_commit(plan.commit());
    *plan.add_parts() = std::move(part);
  }
  for (const Diagnostic &warning : warnings)
    *plan.add_diagnostics() = to_proto(warning, plan.intent());
  plan.set_fleet_digest(plan::fleet_digest(plan.facts()));
  plan.set_facts_digest(plan::facts_digest(plan.facts()));
  plan.set_digest(plan::plan_digest(plan));
  return plan;
}

} // namespace nemo::compiler
