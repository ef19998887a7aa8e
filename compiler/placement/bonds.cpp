#include "compiler/placement/bonds.h"

#include <algorithm>
#include <set>

namespace nemo::placement {

namespace {

class Domains {
public:
  explicit Domains(const State &state) : state_(state), problem_(state.problem()) {}

  /// Where replicas of the need stand, those that are left as they are among them.
  std::set<uint32_t> stands(uint32_t n, Spread within) const {
    std::set<uint32_t> list = left(n, within);
    const Need &need = problem_.needs[n];
    for (uint32_t r = need.first; r < need.first + need.count; ++r)
      if (state_.node_of(r) != nowhere)
        list.insert(of(within, index(state_.node_of(r))));
    return list;
  }

  /// Where one of them alone could stand, or does.
  std::set<uint32_t> could(uint32_t n, Spread within) const {
    std::set<uint32_t> list = left(n, within);
    if (problem_.needs[n].count > 0)
      state_.allowed(n).for_each([&](size_t node) { list.insert(of(within, node)); });
    list.erase(unknown_domain);
    return list;
  }

private:
  uint32_t of(Spread within, size_t node) const {
    return problem_.domain[static_cast<size_t>(within)][node];
  }
  std::set<uint32_t> left(uint32_t n, Spread within) const {
    std::set<uint32_t> list;
    for (const Bystander &bystander : problem_.bystanders)
      if (bystander.need == n)
        list.insert(of(within, index(bystander.node)));
    return list;
  }

  const State &state_;
  const Problem &problem_;
};

bool meet(const std::set<uint32_t> &one, const std::set<uint32_t> &other) {
  return std::any_of(one.begin(), one.end(),
                     [&](uint32_t domain) { return other.count(domain) > 0; });
}

} // namespace

const Bond *broken_bond(const State &state) {
  const Domains domains(state);
  for (const Bond &bond : state.problem().bonds) {
    const std::set<uint32_t> here = domains.stands(bond.need, bond.within),
                             there = domains.stands(bond.to, bond.within);
    if (bond.apart ? meet(here, there)
                   : !std::includes(there.begin(), there.end(), here.begin(), here.end()))
      return &bond;
  }
  return nullptr;
}

std::optional<Infeasible> impossible_bond(const State &state) {
  const Domains domains(state);
  const Problem &problem = state.problem();
  for (const Bond &bond : problem.bonds) {
    const std::set<uint32_t> here = domains.could(bond.need, bond.within),
                             there = domains.could(bond.to, bond.within);
    if (problem.needs[bond.need].count == 0 || here.empty())
      continue; // nothing to place, or other rules are in the way
    const bool possible = bond.apart ? here.size() > 1 || here != there : meet(here, there);
    if (possible)
      continue;
    std::vector<Infeasible::Member> members;
    members.push_back({bond.restriction, bond.need, NodeBits(problem.nodes)});
    for (uint32_t need : {bond.need, bond.to})
      for (const Clause &clause : problem.needs[need].clauses)
        members.push_back({clause.restriction, need, problem.sets[clause.excluded]});
    return Infeasible(std::move(members), {bond.need, bond.to}, false);
  }
  return std::nullopt;
}

void settle_bonds(Problem &problem, const std::vector<NodeId> &nodes) {
  auto exclude = [&](const Bond &bond, uint32_t mover, uint32_t other) {
    const std::vector<uint32_t> &domain = problem.domain[static_cast<size_t>(bond.within)];
    std::set<uint32_t> there;
    const Need &need = problem.needs[other];
    for (uint32_t r = need.first; r < need.first + need.count; ++r)
      there.insert(domain[index(nodes[r])]);
    for (const Bystander &bystander : problem.bystanders)
      if (bystander.need == other)
        there.insert(domain[index(bystander.node)]);
    NodeBits excluded(problem.nodes);
    for (size_t node = 0; node < problem.nodes; ++node)
      if ((there.count(domain[node]) > 0) == bond.apart)
        excluded.set(node);
    problem.needs[mover].clauses.push_back(
        {bond.restriction, static_cast<uint32_t>(problem.sets.size())});
    problem.sets.push_back(std::move(excluded));
  };
  for (const Bond &bond : problem.bonds) {
    exclude(bond, bond.need, bond.to);
    if (bond.apart)
      exclude(bond, bond.to, bond.need);
  }
}

} // namespace nemo::placement
