// A plan as a picture: workloads, what they need of each other, where they stand, and what changes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "llvm/Support/raw_ostream.h"

#include "protocol/plan.pb.h"

namespace nemo::plan::graph {

enum class State { kept, created, changed, moved, renamed, protected_, removed };

struct Workload {
  std::string name, detail; ///< detail: "2 replicas"
  State state = State::kept;
};
struct Node {
  std::string name, detail; ///< detail: "4 cores, 4GiB"
  std::optional<size_t> site;
};
struct Site {
  std::string name, detail;
};
struct Edge {
  enum class Kind { after, flow, placed, left };
  Kind kind = Kind::after;
  size_t from = 0, to = 0; ///< workload to workload; `placed` and `left`: workload to node
  std::string label;
  State state = State::kept;
};

/// In order of name, so that the same plan gives the same picture.
struct Graph {
  std::string title;
  std::vector<Site> sites;
  std::vector<Node> nodes;
  std::vector<Workload> workloads;
  std::vector<Edge> edges;
};

/// \param plan  absent: what is wanted and what there is, without places.
Graph make(const proto::Intent &intent, const proto::Fleet &fleet, const proto::Plan *plan);

void print_dot(llvm::raw_ostream &out, const Graph &graph);
void print_mermaid(llvm::raw_ostream &out, const Graph &graph);

// What both forms say alike. Signs carry the meaning, colour repeats it.
struct Look {
  const char *name, *sign, *fill, *stroke;
};
const Look &look(State state);
std::string label_of(const Workload &workload); ///< "+ web"
std::string label_of(const Edge &edge);         ///< "after", "+ 0-2"
/// A name as text of one line, valid UTF-8.
std::string one_line(llvm::StringRef name);
/// Those of a site, or those of none.
template <typename Draw>
void each_node(const Graph &graph, std::optional<size_t> site, const Draw &draw) {
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (graph.nodes[i].site == site)
      draw(i, graph.nodes[i]);
}
inline constexpr State all_states[] = {State::created, State::changed,    State::moved,
                                       State::renamed, State::protected_, State::removed,
                                       State::kept};

} // namespace nemo::plan::graph
