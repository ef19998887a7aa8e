#include "compiler/placement/search/rebuild.h"

#include <algorithm>

#include "compiler/placement/search/insertion.h"

namespace nemo::optimiser {

namespace {

constexpr uint32_t most_taken = 200, most_nodes = 3;
constexpr Breadth breadth{24, 64};

class Rebuilding {
public:
  Rebuilding(State &state, Random &random, Budget &budget)
      : state_(state), tables_(state.tables()), random_(random), budget_(budget), insertion_(state),
        near_to_(tables_.model.groups), near_(tables_.model.groups), out_(tables_.replicas),
        best_(state.solution()) {
    for (const auto &set : tables_.model.node_sets)
      nodes_in_set_.push_back(static_cast<uint32_t>(std::count(set.begin(), set.end(), true)));
    for (const Near &near : tables_.model.nears) {
      near_to_[near.to].push_back(near.group);
      near_[near.group].push_back(near.to);
    }
  }

  void run(double tolerance) {
    while (budget_.left()) {
      const Cost most = best_.cost + static_cast<Cost>(tolerance * static_cast<double>(best_.cost));
      taken_.clear();
      switch (random_.below(4)) {
      case 0:
        take_from(random_.below(tables_.nodes), 1);
        break;
      case 1:
        take_with_near(random_.below(tables_.replicas), 1 + random_.below(4));
        break;
      case 2:
        take_some();
        break;
      default:
        exchange_nodes();
      }
      take_stranded();
      budget_.spend(taken_.size() + 1);
      if (!put_back_cheaply() || state_.broken() > 0 || state_.cost() > most)
        undo();
      else if (state_.cost() < best_.cost)
        best_ = state_.solution();
      for (const Taken &one : taken_)
        out_[one.replica] = false;
    }
    if (state_.cost() > best_.cost)
      state_.load(best_);
  }

private:
  struct Taken {
    uint32_t replica, node, devices;
  };

  void take(uint32_t replica) {
    const uint32_t node = state_.node_of(replica);
    if (node == nowhere || out_[replica])
      return;
    out_[replica] = true;
    taken_.push_back({replica, node, state_.devices_of(replica)});
    insertion_.shift(replica, nowhere);
  }

  // Who cannot be where it is without those that were taken.
  void take_stranded() {
    for (size_t i = 0; i < taken_.size() && taken_.size() < most_taken; ++i) {
      const uint32_t replica = taken_[i].replica;
      for (const uint32_t *g = tables_.groups_of.from(replica); g != tables_.groups_of.to(replica);
           ++g)
        for (uint32_t group : near_to_[*g]) {
          budget_.spend(tables_.members.size(group));
          for (const uint32_t *m = tables_.members.from(group); m != tables_.members.to(group); ++m)
            if (!out_[*m] && state_.node_of(*m) != nowhere &&
                state_.stranded(*m, state_.node_of(*m)) > 0)
              take(*m);
        }
    }
  }

  void take_from(uint32_t node, double share) {
    const std::vector<uint32_t> there = state_.hosted(node);
    for (uint32_t replica : there)
      if (taken_.size() < most_taken && (share >= 1 || random_.unit() < share))
        take(replica);
  }

  // Its groups, and so many in all that they have to be near or that have to be near them.
  void take_with_near(uint32_t replica, size_t wide) {
    std::vector<uint32_t> groups(tables_.groups_of.from(replica), tables_.groups_of.to(replica));
    for (size_t i = 0; i < groups.size() && groups.size() < wide; ++i)
      for (const auto *next : {&near_[groups[i]], &near_to_[groups[i]]})
        for (uint32_t group : *next)
          if (std::find(groups.begin(), groups.end(), group) == groups.end())
            groups.push_back(group);
    take(replica);
    for (uint32_t group : groups)
      for (const uint32_t *m = tables_.members.from(group);
           m != tables_.members.to(group) && taken_.size() < most_taken; ++m)
        take(*m);
  }

  void take_some() {
    const uint32_t nodes = 2 + random_.below(most_nodes - 1);
    const double share = 0.1 + 0.4 * random_.unit();
    for (uint32_t i = 0; i < nodes; ++i)
      if (const uint32_t node = state_.node_of(random_.below(tables_.replicas)); node != nowhere)
        take_from(node, share);
  }

  // Of a few open ones the one that is dearest beside the other.
  uint32_t dear(uint32_t beside) {
    uint32_t dearest = nowhere;
    double most = 0;
    for (int i = 0; i < 3; ++i) {
      const uint32_t replica = random_.below(tables_.replicas), node = state_.node_of(replica);
      if (node == nowhere || node == beside)
        continue;
      const double ratio = static_cast<double>(tables_.own(replica, node)) /
                           (static_cast<double>(tables_.own(replica, beside)) + 1);
      if (dearest == nowhere || ratio > most) {
        dearest = node;
        most = ratio;
      }
    }
    return dearest;
  }

  // Opens one in exchange for another, which is emptied. Who comes there, with those near, comes
  // from one domain and need not pay less, as it leaves room behind for those who then do.
  void exchange_nodes() {
    const uint32_t node = random_.below(tables_.nodes);
    if (!state_.hosted(node).empty())
      return;
    const uint32_t other = dear(node);
    if (other == nowhere)
      return;
    take_from(other, 1);
    const std::vector<Family> &families = tables_.model.families;
    const std::vector<uint32_t> *domain_of =
        families.empty()
            ? nullptr
            : &families[random_.below(static_cast<uint32_t>(families.size()))].domain_of_node;
    uint32_t source = nowhere;
    for (uint32_t tries = 0; tries < most_taken && taken_.size() < most_taken; ++tries) {
      budget_.spend(1);
      const uint32_t replica = random_.below(tables_.replicas), from = state_.node_of(replica);
      if (from == nowhere || from == node || !state_.room(replica, node))
        continue;
      const uint32_t domain = domain_of ? (*domain_of)[from] : from;
      if (source == nowhere)
        source = domain;
      if (domain != source)
        continue;
      const size_t first = taken_.size();
      take_with_near(replica, 4);
      for (size_t i = first; i < taken_.size(); ++i)
        if (state_.admits(taken_[i].replica, node))
          insertion_.shift(taken_[i].replica, node);
    }
  }

  uint32_t choices(uint32_t replica) const {
    const uint32_t set = tables_.model.shapes[tables_.shape[replica]].allowed;
    return set == UINT32_MAX ? tables_.nodes : nodes_in_set_[set];
  }

  bool put_back_cheaply() {
    order_.clear();
    for (const Taken &one : taken_)
      if (state_.node_of(one.replica) == nowhere)
        order_.push_back(one.replica);
    shuffle(order_, random_);
    // At random, the dearest first, or those first who have the fewest nodes to choose from.
    const uint32_t by = random_.below(3);
    auto comes_first = [&](uint32_t a, uint32_t b) {
      return by == 1 ? tables_.own(a, 0) > tables_.own(b, 0) : choices(a) < choices(b);
    };
    if (by > 0)
      std::stable_sort(order_.begin(), order_.end(), comes_first);
    // Those that need somebody near wait until somebody is.
    size_t waited = 0;
    for (size_t i = 0; i < order_.size(); ++i) {
      uint64_t looked = 1;
      const Choice choice = insertion_.best(order_[i], breadth, looked);
      budget_.spend(looked);
      if (choice.node == nowhere)
        return false;
      if (choice.strain > 0) {
        if (++waited > taken_.size())
          return false;
        order_.push_back(order_[i]);
        continue;
      }
      insertion_.shift(order_[i], choice.node);
    }
    return true;
  }

  void undo() {
    for (const Taken &one : taken_)
      if (state_.node_of(one.replica) != nowhere)
        insertion_.shift(one.replica, nowhere);
    for (const Taken &one : taken_) {
      state_.put_back(one.replica, one.node, one.devices);
      insertion_.update(one.node);
    }
  }

  State &state_;
  const Tables &tables_;
  Random &random_;
  Budget &budget_;
  Insertion insertion_;
  std::vector<std::vector<uint32_t>> near_to_, near_; ///< groups by group: near it; it is near
  std::vector<uint32_t> nodes_in_set_;
  std::vector<bool> out_; ///< by replica
  std::vector<Taken> taken_;
  std::vector<uint32_t> order_;
  Solution best_;
};

} // namespace

void rebuild(State &state, double tolerance, Random &random, Budget &budget) {
  if (state.tables().replicas > 0 && state.tables().nodes > 0 && state.broken() == 0)
    Rebuilding(state, random, budget).run(tolerance);
}

} // namespace nemo::optimiser
