// Graphviz. Ids are ours (w0, n0, s0); names stand in labels only, and those are escaped.
#include <fmt/format.h>

#include "compiler/plan/graph/graph.h"

namespace nemo::plan::graph {

namespace {

/// Graphviz reads `\` escapes and `&` references in a label; both must stay text.
std::string escaped(llvm::StringRef given) {
  std::string result;
  for (char c : one_line(given)) {
    if (c == '"' || c == '\\')
      result += '\\';
    if (c == '&')
      result += "&amp;";
    else
      result += c;
  }
  return result;
}

/// Two lines, the second left out when empty.
std::string label(llvm::StringRef first, llvm::StringRef second) {
  return "\"" + escaped(first) + (second.empty() ? "" : "\\n" + escaped(second)) + "\"";
}

void workload(llvm::raw_ostream &out, const std::string &id, const Workload &workload) {
  const Look &as = look(workload.state);
  out << fmt::format("    {} [label={}, fillcolor=\"{}\", color=\"{}\"];\n", id,
                     label(label_of(workload), workload.detail), as.fill, as.stroke);
}

void node(llvm::raw_ostream &out, size_t index, const Node &node) {
  out << fmt::format("    n{} [label={}, shape=box3d, fillcolor=\"#ffffff\", color=\"#37474f\"];\n",
                     index, label(node.name, node.detail));
}

} // namespace

void print_dot(llvm::raw_ostream &out, const Graph &graph) {
  out << "digraph nemo {\n"
      << "  graph [rankdir=LR, fontname=\"Helvetica\", labelloc=t, ranksep=1.1, nodesep=0.35, "
         "label="
      << label(graph.title, "") << "];\n"
      << "  node [shape=box, style=\"filled,rounded\", fontname=\"Helvetica\", fontsize=12];\n"
      << "  edge [fontname=\"Helvetica\", fontsize=10];\n";
  for (size_t i = 0; i < graph.workloads.size(); ++i)
    workload(out, fmt::format("w{}", i), graph.workloads[i]);
  for (size_t s = 0; s < graph.sites.size(); ++s) {
    const Site &site = graph.sites[s];
    out << fmt::format("  subgraph cluster_s{} {{\n    label={}; style=\"rounded,filled\"; "
                       "color=\"#b0bec5\"; fillcolor=\"#fafafa\";\n",
                       s, label("site " + site.name, site.detail));
    each_node(graph, s, [&](size_t i, const Node &one) { node(out, i, one); });
    out << "  }\n";
  }
  each_node(graph, std::nullopt, [&](size_t i, const Node &one) { node(out, i, one); });
  for (const Edge &edge : graph.edges) {
    const Look &as = look(edge.state);
    const std::string text = label(label_of(edge), "");
    switch (edge.kind) {
    case Edge::Kind::after:
      out << fmt::format("  w{} -> w{} [label={}, color=\"#263238\"];\n", edge.from, edge.to, text);
      break;
    case Edge::Kind::flow:
      out << fmt::format("  w{} -> w{} [label={}, color=\"#6a1b9a\", style=bold, arrowhead=vee];\n",
                         edge.from, edge.to, text);
      break;
    case Edge::Kind::placed:
    case Edge::Kind::left:
      out << fmt::format("  w{} -> n{} [label={}, color=\"{}\", fontcolor=\"{}\", style={}, "
                         "arrowhead=dot];\n",
                         edge.from, edge.to, text, as.stroke, as.stroke,
                         edge.kind == Edge::Kind::left ? "dotted" : "dashed");
    }
  }
  out << "  subgraph cluster_legend {\n    label=\"legend\"; style=rounded; color=\"#cfd8dc\"; "
         "fontsize=10;\n    node [fontsize=10, height=0.3];\n";
  for (State state : all_states)
    workload(out, fmt::format("legend_{}", look(state).name), {look(state).name, "", state});
  out << "  }\n}\n";
}

} // namespace nemo::plan::graph
