// Rules are judged once per distinct view of a node that they ask about, never per node.
#include "compiler/resolve/select_nodes.h"

#include <unordered_map>

#include <fmt/format.h>

#include "base/error.h"
#include "compiler/resolve/report.h"

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

} // namespace

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

} // namespace nemo::compiler
