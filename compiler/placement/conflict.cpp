// A deletion filter: leave a member out, and if the rest still has no placement, it was
// superfluous. First over whole workloads, in shrinking chunks, then over single restrictions. Each
// step is decided exactly; where the effort does not suffice, the member stays and the result says
// that it was not proved irreducible.
#include "compiler/placement/conflict.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "compiler/placement/bonds.h"

namespace nemo::placement {

namespace {

using Key = std::tuple<int, uint32_t, uint32_t>;

Key key(const stages::Restriction &restriction) {
  return {restriction.kind(), restriction.block(), restriction.rule()};
}

// Every restriction of the problem with what it restricts, in order of workload.
std::vector<Infeasible::Member> members_of(const Problem &problem) {
  std::vector<Infeasible::Member> list;
  std::map<Key, size_t> seen;
  auto add = [&](const stages::Restriction &restriction, uint32_t need, uint32_t set) {
    if (restriction.kind() == stages::Restriction::KIND_NONE)
      return;
    auto [known, fresh] = seen.try_emplace(key(restriction), list.size());
    if (fresh)
      list.push_back({restriction, need, NodeBits(problem.nodes)});
    if (set != UINT32_MAX)
      list[known->second].excluded |= problem.sets[set];
  };
  for (uint32_t n = 0; n < problem.needs.size(); ++n) {
    const Need &need = problem.needs[n];
    for (const Clause &clause : need.clauses)
      add(clause.restriction, n, clause.excluded);
    for (uint32_t r = need.first; r < need.first + need.count; ++r) {
      if (problem.replicas[r].pinned)
        add(problem.replicas[r].pinned->restriction, n, problem.replicas[r].pinned->excluded);
      for (const Clause &clause : problem.replicas[r].barred)
        add(clause.restriction, n, clause.excluded);
    }
    for (const Bond &bond : problem.bonds)
      if (bond.need == n)
        add(bond.restriction, n, UINT32_MAX);
    add(need.spreading, n, UINT32_MAX);
    add(need.port, n, UINT32_MAX);
    add(need.alone, n, UINT32_MAX);
    add(need.resources, n, UINT32_MAX);
    add(need.device, n, UINT32_MAX);
    add(need.named_devices, n, UINT32_MAX);
  }
  return list;
}

class Filter {
public:
  Filter(const Problem &problem, const Budget &budget)
      : problem_(problem), budget_(budget), left_(budget.narrow_steps) {}

  bool irreducible = true;

  std::vector<uint32_t> needs(std::vector<uint32_t> list) {
    for (size_t chunk = std::max<size_t>(list.size() / 2, 1);; chunk /= 2) {
      for (size_t at = 0; at < list.size() && list.size() > 1;) {
        std::vector<uint32_t> rest(list.begin(), list.begin() + static_cast<long>(at));
        size_t end = std::min(at + chunk, list.size());
        rest.insert(rest.end(), list.begin() + static_cast<long>(end), list.end());
        if (!rest.empty() && impossible(only(problem_, rest)))
          list = std::move(rest);
        else
          at = end;
      }
      if (chunk <= 1)
        return list;
    }
  }

  std::vector<Infeasible::Member> members(const Problem &problem) {
    std::vector<Infeasible::Member> list = members_of(problem);
    std::set<Key> kept;
    for (const Infeasible::Member &member : list)
      kept.insert(key(member.restriction));
    std::erase_if(list, [&](const Infeasible::Member &member) {
      kept.erase(key(member.restriction));
      auto stays = [&](const stages::Restriction &from) { return kept.count(key(from)) != 0; };
      if (impossible(relaxed(problem, stays)))
        return true;
      kept.insert(key(member.restriction));
      return false;
    });
    return list;
  }

private:
  bool impossible(const Problem &problem) {
    const Verdict verdict = decide(problem, left_, budget_.search_steps);
    irreducible &= verdict != Verdict::undecided;
    return verdict == Verdict::impossible;
  }

  const Problem &problem_;
  const Budget &budget_;
  uint64_t left_;
};

} // namespace

bool same(const stages::Restriction &a, const stages::Restriction &b) { return key(a) == key(b); }

Problem relaxed(Problem problem, llvm::function_ref<bool(const stages::Restriction &)> keep) {
  for (Need &need : problem.needs) {
    need.far = UINT32_MAX; // it may follow from what is left out
    std::erase_if(need.clauses, [&](const Clause &clause) { return !keep(clause.restriction); });
    if (!keep(need.spreading))
      need.spread = Spread::none;
    if (!keep(need.port))
      need.ports.clear();
    need.exclusive &= keep(need.alone);
    if (!keep(need.resources)) {
      for (size_t resource = 0; resource < need.demand.size(); ++resource)
        if (!is_named(problem, resource))
          need.demand[resource] = 0;
      need.devices = {};
    }
    if (!keep(need.named_devices))
      for (size_t i = 0; i < problem.device_names.size(); ++i)
        need.demand[first_named(problem) + i] = 0;
    if (!keep(need.device)) {
      need.devices.allowed = UINT32_MAX;
      need.devices.memory = 0;
    }
  }
  for (Replica &replica : problem.replicas) {
    if (replica.pinned && !keep(replica.pinned->restriction))
      replica.pinned.reset();
    std::erase_if(replica.barred, [&](const Clause &clause) { return !keep(clause.restriction); });
  }
  std::erase_if(problem.bonds, [&](const Bond &bond) { return !keep(bond.restriction); });
  return problem;
}

Verdict decide(const Problem &problem, uint64_t &left, uint64_t most) {
  const uint64_t rough = std::max<uint64_t>(problem.replicas.size() * problem.nodes, 1);
  if (left < rough)
    return Verdict::undecided;
  left -= rough;
  State easy(problem);
  if (!greedy(easy, false) && !broken_bond(easy))
    return Verdict::found;
  State tight(problem);
  if (!tight_fit(tight) && !broken_bond(tight))
    return Verdict::found;
  if (State bonded(problem); !problem.bonds.empty() && bonded_greedy(bonded))
    return Verdict::found;
  State exact(problem);
  uint64_t steps = std::min(left, most);
  const uint64_t before = steps;
  const Verdict verdict = search(exact, steps);
  left -= before - steps;
  return verdict;
}

Problem only(const Problem &problem, const std::vector<uint32_t> &needs) {
  Problem part;
  part.nodes = problem.nodes;
  part.room = problem.room;
  part.parts = problem.parts;
  part.device_names = problem.device_names;
  part.peak_room = problem.peak_room;
  part.whole = problem.whole;
  part.domain = problem.domain;
  part.taken_ports = problem.taken_ports;
  part.devices = problem.devices;
  part.first_device = problem.first_device;
  part.device_sets = problem.device_sets;
  part.sets = problem.sets;
  part.holders = problem.holders;
  part.costs = problem.costs;
  part.awake = problem.awake;
  part.tie_rank = problem.tie_rank;
  std::map<uint32_t, uint32_t> number;
  for (uint32_t n : needs) {
    number.emplace(n, static_cast<uint32_t>(part.needs.size()));
    Need need = problem.needs[n];
    if (need.part_of != UINT32_MAX)
      need.part_of = number.at(need.part_of);
    need.far = UINT32_MAX; // the bond may be left out
    const uint32_t first = need.first;
    need.first = static_cast<uint32_t>(part.replicas.size());
    for (uint32_t r = first; r < first + need.count; ++r) {
      Replica replica = problem.replicas[r];
      replica.need = static_cast<uint32_t>(part.needs.size());
      part.replicas.push_back(std::move(replica));
    }
    part.needs.push_back(std::move(need));
  }
  // A bond with somebody who is left out is left out with it.
  for (Bond bond : problem.bonds)
    if (number.count(bond.need) && number.count(bond.to)) {
      bond.need = number.at(bond.need);
      bond.to = number.at(bond.to);
      if (bond.reach != UINT32_MAX) {
        part.reaches.push_back(problem.reaches[bond.reach]);
        bond.reach = static_cast<uint32_t>(part.reaches.size() - 1);
      }
      part.bonds.push_back(std::move(bond));
    }
  if (!part.bonds.empty())
    for (const Bystander &bystander : problem.bystanders)
      if (const auto known = number.find(bystander.need); known != number.end())
        part.bystanders.push_back({known->second, bystander.node});
  return part;
}

Infeasible narrow(const Problem &problem, std::vector<uint32_t> needs, const Budget &budget) {
  Filter filter(problem, budget);
  needs = filter.needs(std::move(needs));
  std::vector<Infeasible::Member> members = filter.members(only(problem, needs));
  for (Infeasible::Member &member : members)
    member.need = needs[member.need];
  return Infeasible(std::move(members), std::move(needs), filter.irreducible);
}

std::vector<std::vector<uint32_t>> components(const Problem &problem) {
  State state(problem);
  std::vector<uint32_t> parent(problem.needs.size() + problem.nodes);
  std::iota(parent.begin(), parent.end(), 0);
  auto root = [&](uint32_t at) {
    while (parent[at] != at)
      at = parent[at] = parent[parent[at]];
    return at;
  };
  for (uint32_t need = 0; need < problem.needs.size(); ++need)
    state.allowed(need).for_each([&](size_t node) {
      parent[root(static_cast<uint32_t>(problem.needs.size() + node))] = root(need);
    });
  for (const Bond &bond : problem.bonds)
    parent[root(bond.to)] = root(bond.need);
  for (uint32_t need = 0; need < problem.needs.size(); ++need)
    parent[root(need)] = root(whole_of(problem, need));
  std::map<uint32_t, std::vector<uint32_t>> groups;
  for (uint32_t need = 0; need < problem.needs.size(); ++need)
    groups[root(need)].push_back(need);
  std::vector<std::vector<uint32_t>> result;
  for (auto &group : groups)
    result.push_back(std::move(group.second));
  return result;
}

} // namespace nemo::placement
