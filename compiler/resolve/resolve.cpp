// Selections are judged once per distinct view of a node that they ask about, never per node.
#include "compiler/resolve/resolve.h"

#include <set>
#include <unordered_map>

#include "base/error.h"
#include "compiler/resolve/existing.h"
#include "compiler/resolve/facts.h"
#include "compiler/resolve/names.h"
#include "compiler/resolve/node_bits.h"
#include "compiler/resolve/overlay.h"
#include "compiler/resolve/renames.h"
#include "compiler/resolve/report.h"
#include "compiler/resolve/selection.h"

namespace nemo::compiler {

namespace {

// Everything that the rules can see of a node, as one text.
std::string projection(llvm::ArrayRef<const proto::Ref *> names, const Subject &subject) {
  std::string text;
  for (const proto::Ref *ref : names) {
    lookup(*ref, subject).AppendToString(&text);
    text += '\x1f';
  }
  return text;
}

NodeBits select_nodes(const proto::Intent &intent, const proto::Select &select,
                      const std::vector<NodeView> &nodes, std::vector<Diagnostic> &out) {
  NodeBits chosen(nodes.size(), true);
  for (const proto::Rule &rule : select.rules()) {
    std::vector<const proto::Ref *> names = formula::references(rule.formula());
    std::unordered_map<std::string, bool> verdicts;
    for (size_t i = 0; i < nodes.size(); ++i) {
      Subject subject{&intent, nullptr, &nodes[i]};
      auto [verdict, fresh] = verdicts.try_emplace(projection(names, subject), false);
      if (fresh) {
        auto value = formula::evaluate(rule.formula(),
                                       [&](const proto::Ref &ref) { return lookup(ref, subject); });
        if (!value) {
          out.push_back(report(diag::N0511,
                               fmt::format("this rule of select {} has no value: {}", select.name(),
                                           llvm::toString(value.takeError())),
                               intent, rule.span()));
          return NodeBits(nodes.size());
        }
        verdict->second = rule.verb() == proto::Rule::DENY ? value->is_false() : value->is_true();
      }
      if (!verdict->second)
        chosen.reset(i);
    }
  }
  return chosen;
}

} // namespace

Resolution resolve(const stages::Inputs &inputs) {
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
  return result;
}

} // namespace nemo::compiler
