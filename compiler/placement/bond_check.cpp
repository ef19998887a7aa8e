#include "compiler/placement/bond_check.h"

#include <algorithm>
#include <unordered_set>

#include "compiler/placement/bonds.h"

namespace nemo::placement {

namespace {

bool meet(const NodeBits &a, const NodeBits &b) {
  for (size_t i = 0; i < a.words().size(); ++i)
    if (a.words()[i] & b.words()[i])
      return true;
  return false;
}

bool within(const NodeBits &inner, const NodeBits &outer) {
  for (size_t i = 0; i < inner.words().size(); ++i)
    if (inner.words()[i] & ~outer.words()[i])
      return false;
  return true;
}

std::unordered_set<uint32_t> domains_of(const std::vector<uint32_t> &domain,
                                        const NodeBits &nodes) {
  std::unordered_set<uint32_t> domains;
  nodes.for_each([&](size_t node) { domains.insert(domain[node]); });
  return domains;
}

NodeBits same_domain(const Problem &problem, const Bond &bond, const NodeBits &nodes) {
  const std::vector<uint32_t> &domain = problem.domain[static_cast<size_t>(bond.within)];
  const std::unordered_set<uint32_t> domains = domains_of(domain, nodes);
  NodeBits result(problem.nodes);
  for (size_t node = 0; node < problem.nodes; ++node)
    if (domains.count(domain[node]))
      result.set(node);
  return result;
}

/// From where the bond leads to some of the nodes.
NodeBits sources(const Problem &problem, const Bond &bond, const NodeBits &to) {
  if (bond.reach == UINT32_MAX)
    return same_domain(problem, bond, to);
  NodeBits result(problem.nodes);
  for (size_t node = 0; node < problem.nodes; ++node)
    if (meet(problem.reaches[bond.reach].to[node], to))
      result.set(node);
  return result;
}

/// Where the bond leads from some of the nodes.
NodeBits targets(const Problem &problem, const Bond &bond, const NodeBits &from) {
  if (bond.reach == UINT32_MAX)
    return same_domain(problem, bond, from);
  NodeBits result(problem.nodes);
  from.for_each([&](size_t node) { result |= problem.reaches[bond.reach].to[node]; });
  return result;
}

/// From where the bond leads to each of the nodes.
NodeBits sources_of_all(const Problem &problem, const Bond &bond, const NodeBits &to) {
  if (bond.reach == UINT32_MAX)
    return domains_of(problem.domain[static_cast<size_t>(bond.within)], to).size() == 1
               ? same_domain(problem, bond, to)
               : NodeBits(problem.nodes);
  NodeBits result(problem.nodes);
  for (size_t node = 0; node < problem.nodes; ++node)
    if (within(to, problem.reaches[bond.reach].to[node]))
      result.set(node);
  return result;
}

/// Where the bond leads from each of the nodes.
NodeBits targets_of_all(const Problem &problem, const Bond &bond, const NodeBits &from) {
  if (bond.reach == UINT32_MAX)
    return sources_of_all(problem, bond, from);
  NodeBits result(problem.nodes, true);
  from.for_each([&](size_t node) { result &= problem.reaches[bond.reach].to[node]; });
  return result;
}

} // namespace

BondCheck::BondCheck(const State &state) : state_(state), problem_(state.problem()) {
  if (problem_.bonds.empty())
    return;
  sides_.resize(problem_.needs.size());
  for (uint32_t n = 0; n < problem_.needs.size(); ++n) {
    const Need &need = problem_.needs[n];
    nodes_.push_back(standing(need).value_or(state.allowed(n)));
    Side &side = sides_[whole_of(problem_, n)];
    side.needs.push_back(n);
    for (uint32_t r = need.first; r < need.first + need.count; ++r)
      side.replicas.push_back(r);
  }
  for (uint32_t i = 0; i < problem_.bonds.size(); ++i)
    for (uint32_t n : {problem_.bonds[i].need, problem_.bonds[i].to}) {
      sides_[n].bonds.push_back(i);
      if (sides_[n].fixed.size() == 0)
        sides_[n].fixed = NodeBits(problem_.nodes);
    }
  for (const Bystander &bystander : problem_.bystanders)
    if (NodeBits &fixed = sides_[bystander.need].fixed; fixed.size() > 0)
      fixed.set(index(bystander.node));
  narrow();
}

std::optional<NodeBits> BondCheck::standing(const Need &need) const {
  NodeBits nodes(problem_.nodes);
  for (uint32_t r = need.first; r < need.first + need.count; ++r) {
    if (state_.node_of(r) == nowhere)
      return std::nullopt;
    nodes.set(index(state_.node_of(r)));
  }
  return need.count > 0 ? std::optional(std::move(nodes)) : std::nullopt;
}

// What one bond takes from a need may leave less to another. Whoever stops early has only more
// nodes to look at.
void BondCheck::narrow() {
  constexpr int most_rounds = 8;
  for (int round = 0; round < most_rounds; ++round) {
    const std::vector<NodeBits> before = nodes_;
    for (const Bond &bond : problem_.bonds)
      bond.apart ? narrow_apart(bond) : narrow_near(bond);
    if (nodes_ == before)
      return;
  }
}

void BondCheck::narrow_near(const Bond &bond) {
  const Side &from = sides_[bond.need], &to = sides_[bond.to];
  NodeBits there = placeable(to);
  keep(from, sources(problem_, bond, there |= to.fixed));
  // All have to be near the only one.
  if (to.replicas.size() != 1 || to.fixed.any())
    return;
  if (!from.replicas.empty())
    keep(to, targets(problem_, bond, placeable(from)));
  if (from.fixed.any())
    keep(to, targets_of_all(problem_, bond, from.fixed));
}

void BondCheck::narrow_apart(const Bond &bond) {
  const Side &from = sides_[bond.need], &to = sides_[bond.to];
  take(from, sources(problem_, bond, to.fixed));
  take(to, targets(problem_, bond, from.fixed));
  // Where one of them would leave the other no node at all.
  if (!to.replicas.empty())
    take(from, sources_of_all(problem_, bond, placeable(to)));
  if (!from.replicas.empty())
    take(to, targets_of_all(problem_, bond, placeable(from)));
}

NodeBits BondCheck::placeable(const Side &side) const {
  NodeBits nodes(problem_.nodes);
  for (uint32_t n : side.needs)
    if (problem_.needs[n].count > 0)
      nodes |= nodes_[n];
  return nodes;
}

void BondCheck::keep(const Side &side, const NodeBits &nodes) {
  for (uint32_t n : side.needs)
    nodes_[n] &= nodes;
}

void BondCheck::take(const Side &side, const NodeBits &nodes) {
  for (uint32_t n : side.needs)
    nodes_[n].subtract(nodes);
}

template <typename Test> bool BondCheck::any_fixed(const Side &side, Test test) {
  bool found = false;
  side.fixed.for_each([&](size_t node) { found = found || test(node); });
  return found;
}

template <typename Test> bool BondCheck::any(const Side &side, uint64_t &steps, Test test) const {
  for (uint32_t r : side.replicas) {
    steps -= steps > 0;
    if (state_.node_of(r) != nowhere && test(index(state_.node_of(r))))
      return true;
  }
  return any_fixed(side, test);
}

bool BondCheck::placed(const Side &side, uint64_t &steps) const {
  return std::all_of(side.replicas.begin(), side.replicas.end(), [&](uint32_t r) {
    steps -= steps > 0;
    return state_.node_of(r) != nowhere;
  });
}

bool BondCheck::settles(size_t replica, uint64_t &steps) const {
  if (sides_.empty())
    return false;
  const uint32_t own = whole_of(problem_, problem_.replicas[replica].need);
  return std::any_of(sides_[own].bonds.begin(), sides_[own].bonds.end(), [&](uint32_t i) {
    const Bond &bond = problem_.bonds[i];
    return !bond.apart && bond.to == own && !placed(sides_[bond.need], steps) &&
           placed(sides_[own], steps);
  });
}

bool BondCheck::allow(size_t replica, size_t node, uint64_t &steps) const {
  if (sides_.empty())
    return true;
  const uint32_t need = problem_.replicas[replica].need, own = whole_of(problem_, need);
  if (!nodes_[need].test(node))
    return false;
  return std::all_of(sides_[own].bonds.begin(), sides_[own].bonds.end(), [&](uint32_t i) {
    const Bond &bond = problem_.bonds[i];
    const Side &from = sides_[bond.need], &to = sides_[bond.to];
    if (bond.need == own) {
      const bool near = any(to, steps, [&](size_t at) { return close(problem_, bond, node, at); });
      return bond.apart ? !near : near || !placed(to, steps);
    }
    if (bond.apart)
      return !any(from, steps, [&](size_t at) { return close(problem_, bond, at, node); });
    const bool last = std::all_of(to.replicas.begin(), to.replicas.end(), [&](uint32_t r) {
      steps -= steps > 0;
      return r == replica || state_.node_of(r) != nowhere;
    });
    return !last || !any(from, steps, [&](size_t at) {
      return !close(problem_, bond, at, node) &&
             !any(to, steps, [&](size_t other) { return close(problem_, bond, at, other); });
    });
  });
}

} // namespace nemo::placement
