// Depth-first search, complete: the replica with the fewest nodes left is placed next, on each of
// them in turn. Empty nodes that look the same are interchangeable, so one of them is tried; where
// no two nodes look the same, replicas of a workload are, and only one order of them is tried.
// (Both at once would lose solutions: each argument renames what the other one has fixed.)
#include <algorithm>
#include <map>
#include <set>

#include "compiler/placement/bond_check.h"

namespace nemo::placement {

namespace {

class Search {
public:
  Search(State &state, uint64_t &steps)
      : state_(state), problem_(state.problem()), bonds_(state), steps_(steps) {
    classify_nodes();
  }

  Verdict run() {
    if (hopeless(bonds_))
      return Verdict::impossible;
    const Verdict verdict = descend(problem_.replicas.size());
    return verdict == Verdict::impossible && state_.doubted() ? Verdict::undecided : verdict;
  }

private:
  using Sum = __int128;

  // Proofs by counting.
  bool hopeless(const BondCheck &bonds) const {
    std::map<std::vector<uint64_t>, std::vector<Sum>> demand_within;
    for (size_t n = 0; n < problem_.needs.size(); ++n) {
      const Need &need = problem_.needs[n];
      const NodeBits &allowed = bonds.nodes(n);
      if (need.count == 0)
        continue;
      if (!allowed.any())
        return true;
      if (!need.ports.empty() && allowed.count() < need.count)
        return true;
      if (least_domains(need) > 0) {
        std::set<uint32_t> domains(need.held_domains.begin(), need.held_domains.end());
        allowed.for_each([&](size_t node) {
          domains.insert(problem_.domain[static_cast<size_t>(need.spread)][node]);
        });
        if (domains.size() < least_domains(need))
          return true;
      }
      std::vector<Sum> &sum = demand_within[allowed.words()];
      sum.resize(problem_.room.size());
      for (size_t resource = 0; resource < problem_.room.size(); ++resource)
        sum[resource] += static_cast<Sum>(need.demand[resource]) * need.count;
    }
    // Everybody whose nodes lie within a set has to share the room of that set.
    constexpr size_t most_sets = 256;
    if (demand_within.size() > most_sets)
      return false;
    auto within = [](const std::vector<uint64_t> &inner, const std::vector<uint64_t> &outer) {
      for (size_t i = 0; i < inner.size(); ++i)
        if (inner[i] & ~outer[i])
          return false;
      return true;
    };
    for (const auto &outer : demand_within)
      for (size_t resource = 0; resource < problem_.room.size(); ++resource) {
        Sum need = 0, room = 0;
        for (const auto &inner : demand_within)
          if (within(inner.first, outer.first))
            need += inner.second[resource];
        for (size_t node = 0; node < problem_.nodes; ++node)
          if (outer.first[node / 64] >> (node % 64) & 1)
            room += std::max<int64_t>(problem_.room[resource][node], 0);
        if (need > room && !unlimited(resource))
          return true;
      }
    return false;
  }

  // Pids of nodes that do not say how many they have are most_room: nobody runs out of them.
  bool unlimited(size_t resource) const {
    return std::any_of(problem_.room[resource].begin(), problem_.room[resource].end(),
                       [](int64_t room) { return room >= most_room; });
  }

  void classify_nodes() {
    std::map<std::vector<int64_t>, uint32_t> classes;
    for (size_t node = 0; node < problem_.nodes; ++node) {
      std::vector<int64_t> look;
      for (size_t resource = 0; resource < problem_.room.size(); ++resource)
        look.push_back(problem_.room[resource][node]);
      if (!state_.devices().empty())
        for (size_t i = problem_.first_device[node]; i < problem_.first_device[node + 1]; ++i) {
          look.push_back(problem_.devices[i].capacity);
          look.push_back(problem_.devices[i].memory);
          for (const std::vector<bool> &set : problem_.device_sets)
            look.push_back(set[i]);
        }
      for (size_t domain = 2; domain < problem_.domain.size(); ++domain)
        look.push_back(problem_.domain[domain][node]);
      for (uint16_t port : problem_.taken_ports[node])
        look.push_back(port);
      look.push_back(-1);
      for (size_t need = 0; need < problem_.needs.size(); ++need)
        look.push_back(bonds_.nodes(need).test(node));
      for (const Replica &replica : problem_.replicas)
        if (replica.pinned && !problem_.sets[replica.pinned->excluded].test(node))
          look.push_back(static_cast<int64_t>(&replica - problem_.replicas.data()));
      look.push_back(-1);
      for (const Replica &replica : problem_.replicas)
        for (const Clause &clause : replica.barred)
          look.push_back(problem_.sets[clause.excluded].test(node));
      look_at_bonds(node, look);
      class_of_node_.push_back(
          classes.try_emplace(std::move(look), static_cast<uint32_t>(classes.size()))
              .first->second);
    }
    alike_ = classes.size() < problem_.nodes;
  }

  // What of the bonds, beside the nodes that they leave and the domains, tells nodes apart.
  void look_at_bonds(size_t node, std::vector<int64_t> &look) const {
    if (problem_.bonds.empty())
      return;
    look.push_back(-1);
    for (const Bystander &bystander : problem_.bystanders)
      if (index(bystander.node) == node)
        look.push_back(bystander.need);
    look.push_back(-1);
    for (const Reach &reach : problem_.reaches) {
      NodeBits from(problem_.nodes);
      for (size_t other = 0; other < problem_.nodes; ++other)
        if (reach.to[other].test(node))
          from.set(other);
      for (const NodeBits &side : {from, reach.to[node]})
        for (uint64_t word : side.words())
          look.push_back(static_cast<int64_t>(word));
    }
  }

  bool fits(size_t replica, size_t node) {
    return state_.fits(replica, node) && bonds_.allow(replica, node, steps_);
  }

  // The node of the sibling before it, from which on this replica is tried.
  size_t first_node(size_t replica) const {
    const Need &need = problem_.needs[problem_.replicas[replica].need];
    if (alike_ || replica == need.first || of_its_own(problem_.replicas[replica]) ||
        of_its_own(problem_.replicas[replica - 1]))
      return 0;
    NodeId before = state_.node_of(replica - 1);
    return before == nowhere ? 0 : index(before);
  }

  // Those who have to be near somebody placed share what room there is.
  bool dead_end(size_t replica) {
    if (!bonds_.settles(replica, steps_))
      return false;
    steps_ -= std::min(steps_, problem_.needs.size() + problem_.bonds.size() * problem_.nodes);
    return hopeless(BondCheck(state_));
  }

  Verdict descend(size_t left) {
    if (left == 0)
      return Verdict::found;
    size_t chosen = SIZE_MAX, fewest = SIZE_MAX;
    for (size_t replica = 0; replica < problem_.replicas.size(); ++replica) {
      if (state_.node_of(replica) != nowhere)
        continue;
      if (chosen != SIZE_MAX && problem_.replicas[replica].need == problem_.replicas[chosen].need &&
          !of_its_own(problem_.replicas[replica]))
        continue; // a sibling stands for it
      size_t count = 0;
      for (size_t node = first_node(replica); node < problem_.nodes && count < fewest; ++node) {
        if (steps_ == 0)
          return Verdict::undecided;
        --steps_;
        count += fits(replica, node);
      }
      if (count < fewest) {
        fewest = count;
        chosen = replica;
        if (count == 0)
          return Verdict::impossible;
      }
    }
    std::set<uint32_t> tried;
    for (size_t node = first_node(chosen); node < problem_.nodes; ++node) {
      if (!fits(chosen, node))
        continue;
      if (state_.on_node(node).empty() && !tried.insert(class_of_node_[node]).second)
        continue;
      state_.put(chosen, node);
      const Verdict verdict = dead_end(chosen) ? Verdict::impossible : descend(left - 1);
      if (verdict != Verdict::impossible)
        return verdict;
      state_.lift(chosen);
    }
    return Verdict::impossible;
  }

  State &state_;
  const Problem &problem_;
  const BondCheck bonds_;
  uint64_t &steps_;
  std::vector<uint32_t> class_of_node_;
  bool alike_ = false; ///< some nodes look the same
};

} // namespace

Verdict search(State &state, uint64_t &steps) {
  // As deep as there are replicas; larger problems are left to the other methods.
  constexpr size_t deepest = 2000;
  if (state.problem().replicas.size() <= deepest)
    return Search(state, steps).run();
  uint64_t none = 0;
  return Search(state, none).run();
}

} // namespace nemo::placement
