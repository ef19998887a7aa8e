#include "compiler/placement/bonds.h"

#include <algorithm>
#include <set>

namespace nemo::placement {

namespace {

// Where the workloads of a bond stand or could, as domains, or as nodes where it is about delays.
using Spots = std::set<uint32_t>;

class Standing {
public:
  explicit Standing(const State &state) : state_(state), problem_(state.problem()) {}

  /// Where replicas of the need stand that the plan places.
  Spots placed(uint32_t n, const Bond &bond) const {
    Spots list;
    add_standing(n, bond, list);
    // Parts come after everybody else.
    for (auto part = static_cast<uint32_t>(problem_.needs.size());
         part-- > 0 && problem_.needs[part].part_of != UINT32_MAX;)
      if (problem_.needs[part].part_of == n)
        add_standing(part, bond, list);
    return list;
  }

  /// Where those stand that are left as they are.
  Spots left(uint32_t n, const Bond &bond) const {
    Spots list;
    for (const Bystander &bystander : problem_.bystanders)
      if (bystander.need == n)
        list.insert(spot(problem_, bond, index(bystander.node)));
    return list;
  }

  /// Where one of them alone could stand, or does.
  Spots could(uint32_t n, const Bond &bond) const {
    Spots list = left(n, bond);
    if (problem_.needs[n].count > 0)
      state_.allowed(n).for_each([&](size_t node) { list.insert(spot(problem_, bond, node)); });
    list.erase(unknown_domain);
    return list;
  }

  static uint32_t spot(const Problem &problem, const Bond &bond, size_t node) {
    return bond.reach != UINT32_MAX ? static_cast<uint32_t>(node)
                                    : problem.domain[static_cast<size_t>(bond.within)][node];
  }

private:
  void add_standing(uint32_t n, const Bond &bond, Spots &list) const {
    const Need &need = problem_.needs[n];
    for (uint32_t r = need.first; r < need.first + need.count; ++r)
      if (state_.node_of(r) != nowhere)
        list.insert(spot(problem_, bond, index(state_.node_of(r))));
  }

  const State &state_;
  const Problem &problem_;
};

/// Whether the bond leads from the one to some of the others.
bool reaches(const Problem &problem, const Bond &bond, uint32_t from, const Spots &others) {
  if (bond.reach == UINT32_MAX)
    return others.count(from) > 0;
  const NodeBits &near = problem.reaches[bond.reach].to[from];
  return std::any_of(others.begin(), others.end(), [&](uint32_t to) { return near.test(to); });
}

bool reaches_all(const Problem &problem, const Bond &bond, uint32_t from, const Spots &others) {
  if (bond.reach == UINT32_MAX)
    return others.size() == 1 && others.count(from) > 0;
  const NodeBits &near = problem.reaches[bond.reach].to[from];
  return std::all_of(others.begin(), others.end(), [&](uint32_t to) { return near.test(to); });
}

} // namespace

bool planned(const Problem &problem, uint32_t need) {
  if (problem.needs[need].count > 0)
    return true;
  // Parts come after everybody else.
  for (size_t part = problem.needs.size(); part-- > 0 && problem.needs[part].part_of != UINT32_MAX;)
    if (problem.needs[part].part_of == need && problem.needs[part].count > 0)
      return true;
  return false;
}

const Bond *broken_bond(const State &state) {
  const Standing standing(state);
  const Problem &problem = state.problem();
  for (const Bond &bond : problem.bonds) {
    const Spots placed = standing.placed(bond.to, bond);
    Spots there = standing.left(bond.to, bond);
    there.insert(placed.begin(), placed.end());
    const auto breaks = [&](const Spots &here, const Spots &others) {
      return std::any_of(here.begin(), here.end(), [&](uint32_t from) {
        return reaches(problem, bond, from, others) == bond.apart;
      });
    };
    if (breaks(standing.placed(bond.need, bond), there) ||
        (planned(problem, bond.to) &&
         breaks(standing.left(bond.need, bond), bond.apart ? placed : there)))
      return &bond;
  }
  return nullptr;
}

bool keeps_bonds(const State &state, size_t replica, size_t node, const NodeBits &gone) {
  const Problem &problem = state.problem();
  const uint32_t own = problem.replicas[replica].need;
  auto any = [&](const Bond &bond, uint32_t other, bool towards) {
    auto close = [&](size_t at) {
      return placement::close(problem, bond, towards ? node : at, towards ? at : node);
    };
    const Need &need = problem.needs[other];
    for (uint32_t r = need.first; r < need.first + need.count; ++r)
      if (state.node_of(r) != nowhere && close(index(state.node_of(r))))
        return true;
    return std::any_of(problem.bystanders.begin(), problem.bystanders.end(),
                       [&](const Bystander &bystander) {
                         return bystander.need == other && !gone.test(index(bystander.node)) &&
                                close(index(bystander.node));
                       });
  };
  return std::all_of(problem.bonds.begin(), problem.bonds.end(), [&](const Bond &bond) {
    if (bond.need == own)
      return any(bond, bond.to, true) != bond.apart;
    return bond.to != own || !bond.apart || !any(bond, bond.need, false);
  });
}

const Bond *impossible_bond(const State &state) {
  const Standing standing(state);
  const Problem &problem = state.problem();
  for (const Bond &bond : problem.bonds) {
    const Spots here = standing.could(bond.need, bond), there = standing.could(bond.to, bond);
    if (problem.needs[bond.need].count == 0 || here.empty())
      continue; // nothing to place, or other rules are in the way
    const bool possible =
        (bond.apart && there.empty()) || std::any_of(here.begin(), here.end(), [&](uint32_t from) {
          return bond.apart ? !reaches_all(problem, bond, from, there)
                            : reaches(problem, bond, from, there);
        });
    if (!possible)
      return &bond;
  }
  return nullptr;
}

void settle_bonds(Problem &problem, const std::vector<NodeId> &nodes) {
  auto exclude = [&](const Bond &bond, uint32_t mover, uint32_t other) {
    Spots there;
    const Need &need = problem.needs[other];
    for (uint32_t r = need.first; r < need.first + need.count; ++r)
      there.insert(Standing::spot(problem, bond, index(nodes[r])));
    for (const Bystander &bystander : problem.bystanders)
      if (bystander.need == other)
        there.insert(Standing::spot(problem, bond, index(bystander.node)));
    NodeBits excluded(problem.nodes);
    for (size_t node = 0; node < problem.nodes; ++node) {
      const uint32_t here = Standing::spot(problem, bond, node);
      // A delay is the same both ways, but only asked of one.
      const bool close = mover == bond.need || bond.reach == UINT32_MAX
                             ? reaches(problem, bond, here, there)
                             : std::any_of(there.begin(), there.end(), [&](uint32_t from) {
                                 return problem.reaches[bond.reach].to[from].test(node);
                               });
      if (close == bond.apart)
        excluded.set(node);
    }
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
