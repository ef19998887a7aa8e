// What a loss takes is placed by first fit: replicas with the fewest nodes that have room first,
// then the larger, each on the first node by name; those that find none are tried again as long as
// others found one, as they may want to be near them. compiler/verify does the same, with code of
// its own.
#include "compiler/placement/survive.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "compiler/placement/bonds.h"
#include "compiler/placement/scarcity.h"

namespace nemo::placement {

char NotSurvived::ID = 0;

namespace {

constexpr size_t site_domain = static_cast<size_t>(Spread::site);
using Held = std::map<size_t, Demand>; ///< by node

struct Stranding {
  Loss loss;
  std::vector<uint32_t> stranded;
  NodeBits gone;
  std::vector<std::pair<uint32_t, size_t>> found; ///< replicas that found a node
};

// Where data is does not hold anybody when its node is lost, and neither does hysteresis, nor what
// somebody asked for.
Problem unpinned(Problem problem) {
  for (Replica &replica : problem.replicas) {
    replica.pinned.reset();
    std::erase_if(replica.barred, [](const Clause &clause) {
      return clause.restriction.kind() == stages::Restriction::ASKED;
    });
  }
  return problem;
}

class Losses {
public:
  /// \param problem  without pins
  Losses(const Problem &problem, const std::vector<NodeId> &assignment)
      : problem_(problem), state_(problem) {
    for (size_t r = 0; r < assignment.size(); ++r)
      state_.put(r, index(assignment[r]));
  }

  const State &state() const { return state_; }

  /// Those that strand somebody; `look` sees each as things are then, without what it took.
  template <class Look> void each_fatal(Look look) {
    std::map<std::pair<bool, uint32_t>, std::vector<uint32_t>> taken;
    for (uint32_t r = 0; r < problem_.replicas.size(); ++r) {
      const Survive survive = problem_.needs[problem_.replicas[r].need].survive;
      if (survive == Survive::nothing)
        continue;
      const size_t node = index(state_.node_of(r));
      taken[{false, static_cast<uint32_t>(node)}].push_back(r);
      if (survive == Survive::site)
        taken[{true, problem_.domain[site_domain][node]}].push_back(r);
    }
    for (const auto &[at, lost] : taken) {
      Stranding stranding{{at.first, at.second}, {}, NodeBits(problem_.nodes), {}};
      for (size_t node = 0; node < problem_.nodes; ++node)
        if (at.first ? problem_.domain[site_domain][node] == at.second : node == at.second)
          stranding.gone.set(node);
      // Whoever is there is gone, also those that are not to survive.
      std::vector<std::pair<uint32_t, size_t>> before;
      stranding.gone.for_each([&](size_t node) {
        for (uint32_t r : state_.on_node(node))
          before.emplace_back(r, node);
      });
      for (const auto &[r, node] : before)
        state_.lift(r);
      place(lost, stranding);
      if (!stranding.stranded.empty())
        look(stranding);
      for (const auto &[r, node] : stranding.found)
        state_.lift(r);
      for (const auto &[r, node] : before)
        state_.put(r, node);
    }
  }

  bool admits(uint32_t r, size_t node, const Stranding &stranding) const {
    return !stranding.gone.test(node) && state_.admitted(r, node) && state_.keeps_apart(r, node) &&
           keeps_bonds(state_, r, node, stranding.gone);
  }

private:
  bool fits(uint32_t r, size_t node, const Stranding &stranding) const {
    return !stranding.gone.test(node) && state_.fits(r, node) &&
           keeps_bonds(state_, r, node, stranding.gone);
  }

  void place(std::vector<uint32_t> lost, Stranding &stranding) {
    std::map<uint32_t, size_t> room; ///< by need
    for (uint32_t r : lost) {
      const auto [known, fresh] = room.try_emplace(problem_.replicas[r].need, 0);
      for (size_t node = 0; fresh && node < problem_.nodes; ++node)
        known->second += fits(r, node, stranding);
    }
    auto key = [&](uint32_t r) {
      const Need &need = problem_.needs[problem_.replicas[r].need];
      Demand smaller(need.demand.begin(), need.demand.begin() + resource_count);
      for (size_t resource = 0; resource < need.demand.size(); ++resource) // the day's most
        if (const size_t kind = kind_of(problem_, resource); kind < resource_count)
          smaller[kind] = std::max(smaller[kind], need.demand[resource]);
      for (int64_t &amount : smaller)
        amount = -amount;
      return std::tuple(room.at(problem_.replicas[r].need), smaller, r);
    };
    std::sort(lost.begin(), lost.end(), [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
    for (bool progress = true; progress && !lost.empty();) {
      progress = false;
      std::erase_if(lost, [&](uint32_t r) {
        for (size_t node = 0; node < problem_.nodes; ++node)
          if (fits(r, node, stranding)) {
            state_.put(r, node);
            stranding.found.emplace_back(r, node);
            return progress = true;
          }
        return false;
      });
    }
    stranding.stranded = std::move(lost);
  }

  const Problem &problem_;
  State state_;
};

/// With the nodes that no rule removes and that the loss leaves.
NotSurvived not_survived(const Problem &problem, const Losses &losses, const Stranding &stranding) {
  const uint32_t stranded = stranding.stranded.front();
  NodeBits allowed = losses.state().allowed(problem.replicas[stranded].need);
  return NotSurvived(stranding.loss, ReplicaId(stranded), allowed.subtract(stranding.gone));
}

class Reserve {
public:
  explicit Reserve(const Problem &problem) : problem_(&problem) {}

  /// Holds back what the stranded would need, on the nodes where the least stands in the way.
  /// \returns whether there is such a node for each of them.
  bool hold(const Losses &losses, const Stranding &stranding, const NodeBits &banned) {
    const State &state = losses.state();
    Held used;
    auto take = [&](size_t node, uint32_t r) {
      const Need &need = problem_->needs[problem_->replicas[r].need];
      Demand &sum = used[node];
      sum.resize(resources());
      for (size_t resource = 0; resource < resources(); ++resource)
        sum[resource] += need.demand[resource];
      if (need.exclusive)
        for (size_t resource = 0; resource < resources(); ++resource)
          sum[resource] = std::max(sum[resource], problem_->room[resource][node]);
    };
    for (const auto &[r, node] : stranding.found)
      take(node, r);
    Held more;
    for (uint32_t r : stranding.stranded) {
      const uint32_t n = problem_->replicas[r].need;
      std::optional<std::pair<double, size_t>> best;
      for (size_t node = 0; node < problem_->nodes; ++node) {
        const bool emptied = problem_->needs[n].exclusive;
        if (banned.test(node) || !losses.admits(r, node, stranding) ||
            (!emptied && !state.may_share(n, node)))
          continue;
        const double hindrance =
            emptied ? share_in_use(state, node) : shortage(state, n, node, more);
        if (!best || hindrance < best->first)
          best = {hindrance, node};
      }
      if (!best)
        return false;
      take(best->second, r);
      more[best->second].resize(resources());
      for (size_t resource = 0; resource < resources(); ++resource)
        more[best->second][resource] += problem_->needs[n].demand[resource];
    }
    for (const auto &[node, sum] : used) {
      Demand &held = held_[node];
      held.resize(resources());
      for (size_t resource = 0; resource < resources(); ++resource)
        held[resource] = std::max(held[resource], sum[resource]);
    }
    return true;
  }

  /// The problem with that much less room.
  Problem reduced() const {
    Problem problem = *problem_;
    for (const auto &[node, sum] : held_)
      for (size_t resource = 0; resource < resources(); ++resource)
        if (int64_t &room = problem.room[resource][node]; room > 0 && room < most_room)
          room = std::max<int64_t>(room - sum[resource], 0);
    return problem;
  }

  const Held &held() const { return held_; }

private:
  size_t resources() const { return problem_->room.size(); }
  double share(int64_t part, size_t resource, size_t node) const {
    return static_cast<double>(part) /
           static_cast<double>(std::max<int64_t>(problem_->room[resource][node], 1));
  }
  double share_in_use(const State &state, size_t node) const {
    double largest = state.on_node(node).empty() ? 0 : 1e-9;
    for (size_t resource = 0; resource < resources(); ++resource)
      largest = std::max(largest, share(problem_->room[resource][node] - state.room(resource, node),
                                        resource, node));
    return largest;
  }
  /// What would have to leave, as the largest share of a resource; more than 1: it is too small.
  double shortage(const State &state, uint32_t n, size_t node, const Held &more) const {
    double largest = 0;
    const auto promised = more.find(node);
    for (size_t resource = 0; resource < resources(); ++resource) {
      const int64_t demand = problem_->needs[n].demand[resource];
      if (demand == 0)
        continue;
      const int64_t also = promised == more.end() ? 0 : promised->second[resource];
      const int64_t missing = demand + also - state.room(resource, node);
      largest = std::max(largest, missing > 0 ? share(missing, resource, node) : 0);
      if (demand + also > problem_->room[resource][node])
        largest += 1e6;
    }
    return largest;
  }

  const Problem *problem_;
  Held held_;
};

} // namespace

bool any_survives(const Problem &problem) {
  return std::any_of(problem.needs.begin(), problem.needs.end(), [](const Need &need) {
    return need.survive != Survive::nothing && need.count > 0;
  });
}

bool survives(const Problem &problem, const std::vector<NodeId> &nodes) {
  const Problem free = unpinned(problem);
  bool all = true;
  Losses(free, nodes).each_fatal([&](const Stranding &) { all = false; });
  return all;
}

std::optional<NotSurvived> first_fatal(const Problem &problem, const std::vector<NodeId> &nodes) {
  const Problem free = unpinned(problem);
  std::optional<NotSurvived> why;
  Losses losses(free, nodes);
  losses.each_fatal([&](const Stranding &stranding) {
    if (!why)
      why = not_survived(free, losses, stranding);
  });
  return why;
}

llvm::Expected<Assignment> place_surviving(Problem &problem, const Budget &budget,
                                           const Hysteresis &hysteresis, bool as_it_is) {
  if (!any_survives(problem))
    return as_it_is ? as_known(problem, budget) : place_settled(problem, budget, hysteresis);
  constexpr int most_rounds = 24;
  Budget each = budget;
  if (!as_it_is)
    each.share /= 2; // of what time is left, as there may be more rounds
  const Problem whole = problem, free = unpinned(problem);
  Reserve reserve(whole), before(whole);
  NodeBits banned(whole.nodes);
  std::optional<NotSurvived> why;
  for (int round = 0; round < most_rounds; ++round) {
    problem = reserve.reduced();
    auto found = as_it_is ? as_known(problem, budget) : place_settled(problem, each, hysteresis);
    problem.room = whole.room;
    if (!found) {
      if (!why)
        return found;
      // What was held back last leaves no placement: it is sought elsewhere.
      llvm::consumeError(found.takeError());
      const size_t banned_before = banned.count();
      for (const auto &[node, sum] : reserve.held())
        if (const auto known = before.held().find(node);
            known == before.held().end() || known->second != sum)
          banned.set(node);
      if (banned.count() == banned_before)
        break;
      reserve = before;
      continue;
    }
    Losses losses(free, found->node_of_replica);
    bool survived = true, possible = true;
    Reserve next = reserve;
    losses.each_fatal([&](const Stranding &stranding) {
      if (survived)
        why = not_survived(free, losses, stranding);
      survived = false;
      possible &= next.hold(losses, stranding, banned);
    });
    if (survived) {
      if (round > 0) // the prices of room are those of all the room that there is
        found->scarce = scarcity(losses.state(), budget.bound_steps).rooms;
      return found;
    }
    if (!possible || as_it_is)
      break;
    before = reserve;
    reserve = std::move(next);
  }
  return llvm::make_error<NotSurvived>(std::move(*why));
}

} // namespace nemo::placement
