#include "compiler/resolve/resolve.h"

#include "base/error.h"
#include "compiler/resolve/existing.h"
#include "compiler/resolve/facts.h"
#include "compiler/resolve/finished.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/node_bits.h"
#include "compiler/resolve/overlay.h"
#include "compiler/resolve/renames.h"
#include "compiler/resolve/report.h"
#include "compiler/resolve/select_nodes.h"
#include "compiler/resolve/selection.h"
#include "compiler/resolve/suspend.h"

namespace nemo::compiler {

Resolution resolve(const stages::Inputs &inputs, const stages::Resolved *before) {
  const proto::Intent &intent = inputs.intent();
  Resolution result;
  stages::Resolved &resolved = result.resolved;
  Overlaid laid = overlay(intent, inputs.fleet());
  result.diagnostics = std::move(laid.diagnostics);
  *resolved.mutable_world() = std::move(laid.world);
  *resolved.mutable_facts() = facts_read(intent, inputs.fleet());
  const std::vector<NodeView> nodes = views(resolved.world());
  for (const proto::Select &select : intent.selects())
    *resolved.add_selects() = select_nodes(intent, select, nodes, result.diagnostics).to_proto();
  if (!inputs.destroy())
    for (int w = 0; w < intent.workloads_size(); ++w)
      for (uint32_t number = 0; number < intent.workloads(w).replicas_min(); ++number) {
        stages::Replica *replica = resolved.add_replicas();
        replica->set_workload(static_cast<uint32_t>(w));
        replica->set_number(number);
      }
  std::vector<stages::Existing> there = existing(intent, inputs.fleet());
  for (stages::Existing &entry : there)
    *resolved.add_existing() = std::move(entry);
  for (Diagnostic &fault : clashes(intent, resolved.existing()))
    result.diagnostics.push_back(std::move(fault));
  if (is_selective(inputs))
    for (Diagnostic &fault : select(inputs, resolved))
      result.diagnostics.push_back(std::move(fault));
  set_finished_apart(inputs, resolved, before);
  keep_awake(inputs, resolved);
  return result;
}

} // namespace nemo::compiler
