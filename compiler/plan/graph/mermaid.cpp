// Mermaid, which GitHub and GitLab draw inside Markdown. Ids are ours; in labels every character
// that Mermaid or HTML could read is written as a character code (#NN;).
#include <fmt/format.h>

#include "compiler/plan/graph/graph.h"
#include "llvm/ADT/StringExtras.h"

namespace nemo::plan::graph {

namespace {

std::string escaped(llvm::StringRef given) {
  std::string result;
  for (char c : one_line(given)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80 || llvm::isAlnum(c) || llvm::StringRef(" ._/,:+=-").contains(c))
      result += c;
    else
      result += fmt::format("#{};", static_cast<int>(byte));
  }
  return result;
}

std::string label(llvm::StringRef first, llvm::StringRef second) {
  return "\"" + escaped(first) + (second.empty() ? "" : "<br/>" + escaped(second)) + "\"";
}

void workload(llvm::raw_ostream &out, const std::string &id, const Workload &workload) {
  out << fmt::format("  {}({}):::{}\n", id, label(label_of(workload), workload.detail),
                     look(workload.state).name);
}

void node(llvm::raw_ostream &out, size_t index, const Node &node) {
  out << fmt::format("  n{}[[{}]]\n", index, label(node.name, node.detail));
}

} // namespace

void print_mermaid(llvm::raw_ostream &out, const Graph &graph) {
  out << "flowchart LR\n";
  for (size_t i = 0; i < graph.workloads.size(); ++i)
    workload(out, fmt::format("w{}", i), graph.workloads[i]);
  for (size_t s = 0; s < graph.sites.size(); ++s) {
    const Site &site = graph.sites[s];
    out << fmt::format("  subgraph s{}[{}]\n", s, label("site " + site.name, site.detail));
    each_node(graph, s, [&](size_t i, const Node &one) { node(out, i, one); });
    out << "  end\n";
  }
  each_node(graph, std::nullopt, [&](size_t i, const Node &one) { node(out, i, one); });
  for (const Edge &edge : graph.edges) {
    const bool between_workloads = edge.kind == Edge::Kind::after || edge.kind == Edge::Kind::flow;
    const char *arrow = edge.kind == Edge::Kind::after  ? "-->"
                        : edge.kind == Edge::Kind::flow ? "==>"
                                                        : "-.->";
    out << fmt::format("  w{} {}|{}| {}{}\n", edge.from, arrow, label(label_of(edge), ""),
                       between_workloads ? 'w' : 'n', edge.to);
  }
  out << "  subgraph legend\n";
  for (State state : all_states)
    workload(out, fmt::format("legend_{}", look(state).name), {look(state).name, "", state});
  out << "  end\n";
  for (State state : all_states)
    out << fmt::format("  classDef {} fill:{},stroke:{},color:#212121\n", look(state).name,
                       look(state).fill, look(state).stroke);
  for (size_t i = 0; i < graph.edges.size(); ++i)
    if (graph.edges[i].kind == Edge::Kind::placed || graph.edges[i].kind == Edge::Kind::left)
      out << fmt::format("  linkStyle {} stroke:{}\n", i, look(graph.edges[i].state).stroke);
}

} // namespace nemo::plan::graph
