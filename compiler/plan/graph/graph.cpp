#include "compiler/plan/graph/graph.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/plan/figures.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/JSON.h"

namespace nemo::plan::graph {

namespace {

State state_of(llvm::StringRef verb) {
  return verb == "create"    ? State::created
         : verb == "replace" ? State::changed
         : verb == "move"    ? State::moved
         : verb == "rename"  ? State::renamed
         : verb == "protect" ? State::protected_
         : verb == "delete"  ? State::removed
         : verb == "keep"    ? State::kept
                             : State::changed;
}

/// "0-2, 4"
std::string numbers(const std::set<uint32_t> &replicas) {
  std::string text;
  for (auto at = replicas.begin(); at != replicas.end();) {
    const uint32_t first = *at;
    uint32_t last = first;
    for (++at; at != replicas.end() && *at == last + 1; ++at)
      last = *at;
    text += (text.empty() ? "" : ", ") +
            (first == last ? std::to_string(first) : fmt::format("{}-{}", first, last));
  }
  return text;
}

/// The workload that an end of a flow names: "plc.out", "workload.plc".
std::string end_of(const proto::Object &flow, llvm::StringRef key) {
  for (const proto::Attribute &attribute : flow.attributes()) {
    if (key != attribute.name())
      continue;
    std::string text =
        attribute.value().reference() + attribute.value().text() + attribute.value().enumerator();
    if (text.empty())
      text = llvm::join(attribute.formula().ref().path(), ".");
    llvm::StringRef name = text;
    name.consume_front("workload.");
    return name.split('.').first.str();
  }
  return {};
}

class Maker {
public:
  Maker(const proto::Intent &intent, const proto::Fleet &fleet, const proto::Plan *plan)
      : intent_(intent), fleet_(fleet), plan_(plan) {}

  Graph run() {
    graph_.title = "stack " + intent_.stack();
    places();
    workloads();
    dependencies();
    placements();
    return std::move(graph_);
  }

private:
  void places() {
    std::set<std::string> sites;
    std::map<std::string, const proto::Node *> nodes;
    for (const proto::Node &node : fleet_.nodes()) {
      nodes[node.name()] = &node;
      if (!node.site().empty())
        sites.insert(node.site());
    }
    for (const std::string &name : sites) {
      Site site{name, ""};
      for (const proto::Site &known : fleet_.sites())
        if (known.name() == name)
          site.detail = known.country();
      site_at_[name] = graph_.sites.size();
      graph_.sites.push_back(std::move(site));
    }
    for (const auto &[name, node] : nodes) {
      Node made{name,
                fmt::format("{} core{}, {} MiB",
                            decimal(static_cast<int64_t>(node->cpu_millicores()), 3),
                            node->cpu_millicores() == 1000 ? "" : "s", node->memory_bytes() >> 20),
                std::nullopt};
      if (!node->site().empty())
        made.site = site_at_.at(node->site());
      add_node(std::move(made));
    }
  }

  size_t add_node(Node node) {
    node_at_[node.name] = graph_.nodes.size();
    graph_.nodes.push_back(std::move(node));
    return graph_.nodes.size() - 1;
  }

  void workloads() {
    std::map<std::string, Workload> all;
    for (const proto::Workload &wanted : intent_.workloads())
      all[wanted.name()] = {
          wanted.name(),
          wanted.replicas_min() == wanted.replicas_max()
              ? fmt::format("{} replica{}", wanted.replicas_min(),
                            wanted.replicas_min() == 1 ? "" : "s")
              : fmt::format("{}..{} replicas", wanted.replicas_min(), wanted.replicas_max()),
          State::kept};
    std::map<std::string, std::set<State>> states;
    if (plan_ != nullptr)
      for (const proto::Action &action : plan_->actions())
        states[explain::replica_of(action.object()).first].insert(state_of(action.verb()));
    for (const auto &[name, found] : states) {
      Workload &workload = all[name];
      if (workload.name.empty())
        workload = {name, "no longer wanted", State::removed};
      else if (found.size() == 1)
        workload.state = *found.begin();
      else
        workload.state = State::changed;
    }
    for (auto &[name, workload] : all) {
      workload_at_[name] = graph_.workloads.size();
      graph_.workloads.push_back(std::move(workload));
    }
  }

  void dependencies() {
    auto edge = [&](Edge::Kind kind, const std::string &from, const std::string &to,
                    std::string label) {
      const auto a = workload_at_.find(from), b = workload_at_.find(to);
      if (a != workload_at_.end() && b != workload_at_.end())
        graph_.edges.push_back({kind, a->second, b->second, std::move(label), State::kept});
    };
    for (const proto::Workload &workload : intent_.workloads())
      for (const std::string &needed : workload.after())
        edge(Edge::Kind::after, workload.name(), needed, "after");
    for (const proto::Object &object : intent_.objects())
      if (object.kind() == "flow")
        edge(Edge::Kind::flow, end_of(object, "from"), end_of(object, "to"),
             "flow " + (object.labels().empty() ? std::string() : object.labels(0)));
  }

  /// Replicas of one workload that share a node and a fate share an edge.
  void placements() {
    if (plan_ == nullptr)
      return;
    using Key = std::tuple<size_t, size_t, State, Edge::Kind>;
    std::map<Key, std::set<uint32_t>> groups;
    for (const proto::Action &action : plan_->actions()) {
      const auto [name, replica] = explain::replica_of(action.object());
      const State state = state_of(action.verb());
      const size_t workload = workload_at_.at(name);
      groups[{workload, node(action.node()), state,
              state == State::removed ? Edge::Kind::left : Edge::Kind::placed}]
          .insert(replica);
      if (state == State::moved && !action.from_node().empty())
        groups[{workload, node(action.from_node()), state, Edge::Kind::left}].insert(replica);
    }
    for (const auto &[key, replicas] : groups) {
      const auto &[workload, node, state, kind] = key;
      graph_.edges.push_back({kind, workload, node, numbers(replicas), state});
    }
  }

  size_t node(const std::string &name) {
    const auto found = node_at_.find(name);
    return found != node_at_.end() ? found->second : add_node({name, "gone", std::nullopt});
  }

  const proto::Intent &intent_;
  const proto::Fleet &fleet_;
  const proto::Plan *plan_;
  Graph graph_;
  std::map<std::string, size_t> site_at_, node_at_, workload_at_;
};

} // namespace

const Look &look(State state) {
  static constexpr Look looks[] = {
      {"kept", "=", "#eceff1", "#546e7a"},    {"created", "+", "#c8e6c9", "#2e7d32"},
      {"changed", "~", "#ffe0b2", "#e65100"}, {"moved", ">", "#bbdefb", "#1565c0"},
      {"renamed", "@", "#d7ccc8", "#4e342e"}, {"protected", "!", "#b2dfdb", "#00695c"},
      {"removed", "-", "#ffcdd2", "#c62828"}};
  return looks[static_cast<size_t>(state)];
}

std::string label_of(const Workload &workload) {
  return std::string(look(workload.state).sign) + " " + workload.name;
}

std::string label_of(const Edge &edge) {
  if (edge.kind == Edge::Kind::after || edge.kind == Edge::Kind::flow)
    return edge.label;
  return std::string(edge.kind == Edge::Kind::left ? "-" : look(edge.state).sign) + " " +
         edge.label;
}

std::string one_line(llvm::StringRef name) {
  std::string text = llvm::json::isUTF8(name) ? name.str() : llvm::json::fixUTF8(name);
  for (char &c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 127)
      c = ' ';
  return text;
}

Graph make(const proto::Intent &intent, const proto::Fleet &fleet, const proto::Plan *plan) {
  return Maker(intent, fleet, plan).run();
}

} // namespace nemo::plan::graph
