#include "compiler/placement/build_bonds.h"

#include <map>
#include <optional>
#include <tuple>
#include <unordered_set>

#include "compiler/network/ways.h"

namespace nemo::placement {

namespace {

using Homes = std::unordered_map<std::string, std::vector<size_t>>;

class Bonds {
public:
  Bonds(Problem &problem, const proto::Intent &intent, const stages::Resolved &resolved,
        const Homes &frozen_homes)
      : problem_(problem), intent_(intent), resolved_(resolved), frozen_homes_(frozen_homes),
        concerned_(problem.needs.size()) {}

  void run() {
    std::unordered_map<std::string, uint32_t> index;
    for (uint32_t w = 0; w < problem_.needs.size(); ++w)
      index.emplace(workload(w).name(), w);
    for (uint32_t w = 0; w < problem_.needs.size(); ++w) {
      const proto::Place &place = workload(w).place();
      for (int i = 0; i < place.affinities_size(); ++i)
        if (const auto to = index.find(place.affinities(i).to());
            to != index.end() && to->second != w &&
            (problem_.needs[w].count > 0 || problem_.needs[to->second].count > 0))
          add(w, to->second, place.affinities(i), static_cast<uint32_t>(i));
    }
    for (uint32_t w = 0; w < problem_.needs.size(); ++w)
      if (concerned_[w] || problem_.needs[w].repeats > 0)
        for (size_t node : homes(w))
          problem_.bystanders.push_back({w, NodeId(node)});
  }

private:
  const proto::Workload &workload(uint32_t w) const {
    return intent_.workloads(static_cast<int>(w));
  }

  const std::vector<size_t> &homes(uint32_t w) const {
    static const std::vector<size_t> none;
    const auto found = frozen_homes_.find(workload(w).name());
    return found == frozen_homes_.end() ? none : found->second;
  }

  void add(uint32_t w, uint32_t to, const proto::Affinity &affinity, uint32_t rule) {
    Bond bond;
    bond.need = w;
    bond.to = to;
    bond.within = spread_of(affinity.within());
    bond.apart = affinity.anti();
    bond.restriction = restriction(stages::Restriction::AFFINITY, w);
    bond.restriction.set_rule(rule);
    if (affinity.within_ns() != 0) {
      bond.reach = reach(to, affinity.within_ns(), bond.apart);
    } else {
      exclude_unknown(w, bond);
      if (bond.apart)
        exclude_unknown(to, bond);
    }
    concerned_[w] = concerned_[to] = true;
    problem_.bonds.push_back(std::move(bond));
  }

  // Where the domain is not known, nobody can say that two share it or do not.
  void exclude_unknown(uint32_t need, const Bond &bond) {
    NodeBits unknown(problem_.nodes);
    const std::vector<uint32_t> &domain = problem_.domain[static_cast<size_t>(bond.within)];
    for (size_t node = 0; node < problem_.nodes; ++node)
      if (domain[node] == unknown_domain)
        unknown.set(node);
    if (!unknown.any())
      return;
    problem_.needs[need].clauses.push_back(
        {bond.restriction, static_cast<uint32_t>(problem_.sets.size())});
    problem_.sets.push_back(std::move(unknown));
  }

  // A delay that is not known is never near, and never surely far. In a large fleet it is asked
  // only about the nodes where the other workload may be, and taken for not known elsewhere: that
  // is only seen where rules are left out to see whether they matter.
  uint32_t reach(uint32_t to, uint64_t within_ns, bool apart) {
    constexpr size_t small = 2000;
    NodeBits there(problem_.nodes, true);
    if (problem_.nodes > small)
      for (const Clause &clause : problem_.needs[to].clauses)
        there.subtract(problem_.sets[clause.excluded]);
    for (size_t node : homes(to))
      there.set(node);
    const auto [known, fresh] = reaches_.try_emplace(
        {within_ns, apart, there.words()}, static_cast<uint32_t>(problem_.reaches.size()));
    if (!fresh)
      return known->second;
    if (!ways_)
      ways_.emplace(resolved_.world(), compiler::views(resolved_.world()));
    Reach made;
    made.to.assign(problem_.nodes, NodeBits(problem_.nodes, apart));
    there.for_each([&](size_t other) {
      const std::vector<std::optional<uint64_t>> delays =
          ways_->delays(static_cast<uint32_t>(other));
      for (size_t node = 0; node < problem_.nodes; ++node)
        if (delays[node] && (*delays[node] <= within_ns) != apart)
          apart ? made.to[node].reset(other) : made.to[node].set(other);
    });
    problem_.reaches.push_back(std::move(made));
    return known->second;
  }

  Problem &problem_;
  const proto::Intent &intent_;
  const stages::Resolved &resolved_;
  const Homes &frozen_homes_;
  std::vector<bool> concerned_;
  std::optional<compiler::Ways> ways_;
  std::map<std::tuple<uint64_t, bool, std::vector<uint64_t>>, uint32_t> reaches_;
};

} // namespace

void add_bonds(Problem &problem, const proto::Intent &intent, const stages::Resolved &resolved,
               const Homes &frozen_homes) {
  Bonds(problem, intent, resolved, frozen_homes).run();
}

void mark_far(Problem &problem,
              llvm::function_ref<std::optional<NodeBits>(uint32_t need)> candidates) {
  std::map<uint32_t, NodeBits> far;
  for (const Bond &bond : problem.bonds) {
    if (bond.apart || bond.reach != UINT32_MAX)
      continue;
    const std::optional<NodeBits> there = candidates(bond.to);
    if (!there)
      continue;
    const std::vector<uint32_t> &domain = problem.domain[static_cast<size_t>(bond.within)];
    std::unordered_set<uint32_t> domains;
    there->for_each([&](size_t node) { domains.insert(domain[node]); });
    NodeBits &nodes = far.try_emplace(bond.need, problem.nodes).first->second;
    for (size_t node = 0; node < problem.nodes; ++node)
      if (domain[node] == unknown_domain || !domains.count(domain[node]))
        nodes.set(node);
  }
  std::map<std::vector<uint64_t>, uint32_t> known;
  for (auto &[need, nodes] : far) {
    const auto [entry, fresh] =
        known.try_emplace(nodes.words(), static_cast<uint32_t>(problem.sets.size()));
    problem.needs[need].far = entry->second;
    if (fresh)
      problem.sets.push_back(std::move(nodes));
  }
}

} // namespace nemo::placement
