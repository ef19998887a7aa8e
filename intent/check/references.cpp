// What holds between objects that are written apart: ends of flows, objectives that become one sum.
#include "intent/check/references.h"

#include <fmt/format.h>

namespace nemo::check {

namespace {

using ByName = std::map<std::string, const TypedBlock *>;

void check_flow(Context &context, const TypedBlock &flow, const ByName &workloads) {
  for (const char *end : {"from", "to"}) {
    const TypedAttribute *attribute = flow.find(end);
    if (!attribute || attribute->value.reference().empty())
      continue;
    llvm::SmallVector<llvm::StringRef, 3> parts;
    llvm::StringRef(attribute->value.reference()).split(parts, '.');
    auto workload = workloads.find(parts[1].str());
    if (parts.size() < 3 || workload == workloads.end())
      continue;
    std::vector<std::string> ports;
    if (const TypedBlock *block = workload->second->child("ports"))
      for (const TypedAttribute &port : block->attributes)
        ports.push_back(port.name);
    if (llvm::is_contained(ports, parts[2]) || workload->second->faulty)
      continue;
    std::string fix;
    const std::string hint = suggestion(parts[2], ports, fix);
    context.error(
        diag::N0307, attribute->at, attribute->extent,
        fmt::format("workload `{}` has no port `{}`{}", parts[1].str(), parts[2].str(), hint), fix);
  }
}

/// Figures of unlike dimensions cannot be one sum; a price or a weight for each makes them
/// comparable.
void check_objectives(Context &context, const std::vector<TypedBlock> &blocks) {
  struct Figure {
    const TypedRule *rule;
    bool weighted;
  };
  std::vector<Figure> figures;
  for (const TypedBlock &block : blocks)
    if (llvm::StringRef(block.schema->name) == "objective")
      for (const TypedRule &rule : block.rules)
        if (rule.rule.verb() == proto::Rule::MINIMIZE || rule.rule.verb() == proto::Rule::MAXIMIZE)
          figures.push_back({&rule, rule.rule.has_weight() || block.find("weight")});
  for (size_t i = 1; i < figures.size(); ++i) {
    if (figures[i].rule->dimension == figures[0].rule->dimension ||
        (figures[i].weighted && figures[0].weighted))
      continue;
    Diagnostic &fault = context.error(
        diag::N0318, figures[i].rule->at, figures[i].rule->extent,
        fmt::format("two objectives without a common measure: {} and {}",
                    figures[0].rule->dimension.name(), figures[i].rule->dimension.name()));
    context.note(fault, "the first objective", figures[0].rule->at, figures[0].rule->extent);
    fault.fix = "give each a price, such as carbon * 80EUR/tCO2e, or a weight";
    return;
  }
}

void check_links(Context &context, const std::vector<TypedBlock> &blocks) {
  std::map<std::vector<std::string>, const TypedBlock *> links;
  for (const TypedBlock &block : blocks) {
    if (llvm::StringRef(block.schema->name) != "link")
      continue;
    auto [entry, added] = links.try_emplace(block.labels, &block);
    if (added)
      continue;
    Diagnostic &fault =
        context.error(diag::N0306, block.at, block.head,
                      fmt::format("link `{}` is declared twice", llvm::join(block.labels, " ")));
    context.note(fault, "first declared here", entry->second->at, entry->second->head);
  }
}

} // namespace

void check_references(Context &context, const std::vector<TypedBlock> &blocks) {
  ByName workloads;
  for (const TypedBlock &block : blocks)
    if (llvm::StringRef(block.schema->name) == "workload")
      workloads.try_emplace(block.name, &block);
  for (const TypedBlock &block : blocks)
    if (llvm::StringRef(block.schema->name) == "flow")
      check_flow(context, block, workloads);
  check_objectives(context, blocks);
  check_links(context, blocks);
}

} // namespace nemo::check
