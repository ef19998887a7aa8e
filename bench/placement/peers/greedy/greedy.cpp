#include "bench/placement/peers/greedy/greedy.h"

#include <algorithm>
#include <numeric>

namespace nemo::bench::peers {

using optimiser::Near;
using optimiser::nowhere;

namespace {

constexpr uint32_t times_begun = 30;

} // namespace

Placed::Placed(const optimiser::Model &model)
    : model_(model), node_of_(model.replicas.size(), nowhere), hosted_(model.nodes),
      used_(model.capacity.size()), nodes_of_group_(model.groups), limits_of_(model.groups),
      nears_of_(model.groups), nears_to_(model.groups) {
  for (uint32_t i = 0; i < model.limits.size(); ++i)
    limits_of_[model.limits[i].group].push_back(i);
  for (uint32_t i = 0; i < model.nears.size(); ++i) {
    nears_of_[model.nears[i].group].push_back(i);
    nears_to_[model.nears[i].to].push_back(i);
  }
}

uint32_t Placed::count(uint32_t group, uint32_t family, uint32_t domain) const {
  const auto &domain_of = model_.families[family].domain_of_node;
  return static_cast<uint32_t>(
      std::count_if(nodes_of_group_[group].begin(), nodes_of_group_[group].end(),
                    [&](uint32_t node) { return domain_of[node] == domain; }));
}

bool Placed::reaches(const Near &near, uint32_t from, uint32_t to) const {
  const optimiser::Family &family = model_.families[near.family];
  const uint32_t a = family.domain_of_node[from], b = family.domain_of_node[to];
  return near.relation == UINT32_MAX
             ? a == b
             : model_.relations[near.relation].reaches[size_t{a} * family.domains + b];
}

bool Placed::near_what_is_placed(uint32_t group, uint32_t node) const {
  for (uint32_t i : nears_of_[group]) {
    const auto &others = nodes_of_group_[model_.nears[i].to];
    if (!others.empty() && std::none_of(others.begin(), others.end(), [&](uint32_t other) {
          return reaches(model_.nears[i], node, other);
        }))
      return false;
  }
  for (uint32_t i : nears_to_[group]) {
    const auto &reached = nodes_of_group_[group];
    for (uint32_t other : nodes_of_group_[model_.nears[i].group])
      if (!reaches(model_.nears[i], other, node) &&
          std::none_of(reached.begin(), reached.end(),
                       [&](uint32_t already) { return reaches(model_.nears[i], other, already); }))
        return false;
  }
  return true;
}

bool Placed::admits(uint32_t replica, uint32_t node) const {
  const optimiser::Replica &who = model_.replicas[replica];
  const optimiser::Shape &shape = model_.shapes[who.shape];
  const size_t row = node * model_.resources.size();
  for (size_t d = 0; d < shape.demand.size(); ++d)
    if (used_[row + d] + shape.demand[d] > model_.capacity[row + d])
      return false;
  if (shape.allowed != UINT32_MAX && !model_.node_sets[shape.allowed][node])
    return false;
  for (uint32_t group : who.groups) {
    for (uint32_t i : limits_of_[group]) {
      const optimiser::Limit &limit = model_.limits[i];
      if (count(group, limit.family, model_.families[limit.family].domain_of_node[node]) >=
          limit.most)
        return false;
    }
    if (!near_what_is_placed(group, node))
      return false;
  }
  return true;
}

void Placed::place(uint32_t replica, uint32_t node) {
  const optimiser::Replica &who = model_.replicas[replica];
  node_of_[replica] = node;
  ++hosted_[node];
  for (size_t d = 0; d < model_.resources.size(); ++d)
    used_[node * model_.resources.size() + d] += model_.shapes[who.shape].demand[d];
  for (uint32_t group : who.groups)
    nodes_of_group_[group].push_back(node);
}

void Placed::lift(uint32_t replica) {
  const optimiser::Replica &who = model_.replicas[replica];
  const uint32_t node = node_of_[replica];
  node_of_[replica] = nowhere;
  --hosted_[node];
  for (size_t d = 0; d < model_.resources.size(); ++d)
    used_[node * model_.resources.size() + d] -= model_.shapes[who.shape].demand[d];
  for (uint32_t group : who.groups) {
    auto &nodes = nodes_of_group_[group];
    nodes.erase(std::find(nodes.begin(), nodes.end(), node));
  }
}

namespace {

// Takes the parts in this order. \returns those of which not every replica found a node.
std::vector<uint32_t> place_parts(Placed &placed, const std::vector<Part> &parts,
                                  llvm::ArrayRef<uint32_t> order, uint32_t retry_family,
                                  const Choose &choose, Placement &out) {
  const optimiser::Model &model = placed.model();
  const auto &domain_of = model.families[retry_family].domain_of_node;
  std::vector<uint32_t> failed;
  for (uint32_t index : order) {
    const Part &part = parts[index];
    std::vector<bool> tried(model.families[retry_family].domains);
    uint32_t at = part.begin;
    while (at < part.end) {
      std::vector<uint32_t> admitted;
      for (uint32_t node = 0; node < model.nodes; ++node)
        if ((at > part.begin || !tried[domain_of[node]]) && placed.admits(at, node))
          admitted.push_back(node);
      if (!admitted.empty()) {
        placed.place(at, choose(placed, at, admitted));
        ++at;
        continue;
      }
      if (at == part.begin)
        break;
      tried[domain_of[placed.node_of(part.begin)]] = true;
      while (at > part.begin)
        placed.lift(--at);
    }
    out.unplaced += part.end - at;
    if (at < part.end)
      failed.push_back(index);
  }
  return failed;
}

} // namespace

Placement place_in_order(const optimiser::Model &model, const std::vector<Part> &parts,
                         uint32_t retry_family, const Choose &choose) {
  std::vector<uint32_t> order(parts.size());
  std::iota(order.begin(), order.end(), 0);
  Placement best;
  best.unplaced = UINT32_MAX;
  for (uint32_t begun = 0; begun < times_begun && best.unplaced > 0; ++begun) {
    Placed placed(model);
    Placement out;
    out.begun_anew = begun;
    const std::vector<uint32_t> failed =
        place_parts(placed, parts, order, retry_family, choose, out);
    for (uint32_t replica = 0; replica < model.replicas.size(); ++replica)
      out.solution.node_of.push_back(placed.node_of(replica));
    if (out.unplaced < best.unplaced)
      best = std::move(out);
    // Who found no room comes first from now on.
    std::stable_partition(order.begin(), order.end(), [&](uint32_t part) {
      return std::find(failed.begin(), failed.end(), part) != failed.end();
    });
  }
  return best;
}

} // namespace nemo::bench::peers
