#include "compiler/placement/search/construct.h"

#include <algorithm>

#include "compiler/placement/search/insertion.h"

namespace nemo::optimiser {

namespace {

class Construction {
public:
  Construction(State &state, Random &random, Budget &budget)
      : state_(state), tables_(state.tables()), random_(random), budget_(budget), insertion_(state),
        penalty_(tables_.replicas, 1) {}

  bool run() {
    place_in_order();
    while (state_.broken() > 0 && budget_.left() && !hopeless_) {
      while (!waiting_.empty() && budget_.left() && !hopeless_) {
        const uint32_t replica = waiting_.back();
        waiting_.pop_back();
        if (!place(replica))
          eject_for(replica);
      }
      if (waiting_.empty() && state_.broken() > 0)
        mend();
    }
    return state_.broken() == 0;
  }

private:
  // Of the room that there is in all, the share that it takes; fewer nodes weigh as more room.
  double hardness(uint32_t replica, const std::vector<double> &total) const {
    double most = 0;
    const int64_t *row = tables_.row(replica);
    for (uint32_t i = 0; i < tables_.rooms; ++i)
      if (total[i] > 0)
        most = std::max(most, static_cast<double>(row[i]) / total[i]);
    const Shape &shape = tables_.model.shapes[tables_.shape[replica]];
    if (!tables_.model.devices.empty())
      most = std::max(most, static_cast<double>(shape.devices.count) /
                                static_cast<double>(tables_.model.devices.size()));
    if (shape.allowed != UINT32_MAX)
      most *= nodes_in_set_[shape.allowed];
    return most;
  }

  void place_in_order() {
    std::vector<double> total(tables_.rooms), hardness_of(tables_.replicas);
    for (uint32_t node = 0; node < tables_.nodes; ++node)
      for (uint32_t i = 0; i < tables_.rooms; ++i)
        total[i] += static_cast<double>(tables_.node_rows[size_t{node} * tables_.stride + i]);
    for (const auto &set : tables_.model.node_sets)
      nodes_in_set_.push_back(
          static_cast<double>(tables_.nodes) /
          std::max(1.0, static_cast<double>(std::count(set.begin(), set.end(), true))));
    std::vector<uint32_t> order;
    for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
      if (state_.node_of(replica) == nowhere) {
        order.push_back(replica);
        hardness_of[replica] = hardness(replica, total);
      }
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return hardness_of[a] > hardness_of[b]; });
    for (uint32_t replica : order) {
      if (!budget_.left())
        return;
      if (!place(replica))
        waiting_.push_back(replica);
    }
    std::reverse(waiting_.begin(), waiting_.end());
  }

  bool optional(uint32_t replica) const {
    return tables_.model.replicas[replica].absence_price != must_be_placed;
  }

  bool place(uint32_t replica) {
    uint64_t looked = 1;
    const Choice best = insertion_.best(replica, breadth, looked);
    budget_.spend(looked);
    if (optional(replica) && (best.node == nowhere || best.strain > 0 || best.cost > 0))
      return true; // stays away
    if (best.node == nowhere)
      return false;
    insertion_.shift(replica, best.node);
    return true;
  }

  // Makes room where those that have to leave have been hard to place least often.
  void eject_for(uint32_t replica) {
    budget_.spend(1);
    if (++penalty_[replica] == 2 && !has_a_node(replica)) {
      hopeless_ = true;
      waiting_.push_back(replica);
      return;
    }
    std::vector<Ejected> best;
    uint64_t best_penalty = UINT64_MAX;
    uint32_t best_node = nowhere;
    const uint32_t tries = std::min(tables_.nodes, most_tried);
    for (uint32_t i = 0; i < tries && budget_.left(); ++i) {
      const uint32_t node = tries == tables_.nodes ? i : random_.below(tables_.nodes);
      uint64_t penalty = 0;
      std::vector<Ejected> out = ejected(replica, node, best_penalty, penalty);
      const bool found = state_.admits(replica, node);
      put_back(out);
      if (found && penalty < best_penalty) {
        best_penalty = penalty;
        best = std::move(out);
        best_node = node;
      }
    }
    if (best_node == nowhere) {
      waiting_.insert(waiting_.begin(), replica);
      return;
    }
    for (const Ejected &other : best)
      insertion_.shift(other.replica, nowhere);
    insertion_.shift(replica, best_node);
    wait(best);
  }

  // Were it alone there.
  bool has_a_node(uint32_t replica) const {
    for (uint32_t node = 0; node < tables_.nodes; ++node) {
      const int64_t *taken = tables_.row_on(replica, node),
                    *room = tables_.node_rows.data() + size_t{node} * tables_.stride;
      const DeviceDemand &want = tables_.model.shapes[tables_.shape[replica]].devices;
      if (tables_.may(replica, node) &&
          want.count <= tables_.first_device[node + 1] - tables_.first_device[node] &&
          std::equal(taken, taken + tables_.rooms, room,
                     [](int64_t demand, int64_t left) { return demand <= left; }))
        return true;
    }
    return false;
  }

  struct Ejected {
    uint32_t replica, from, devices;
  };
  void put_back(const std::vector<Ejected> &out) {
    for (const Ejected &other : out)
      state_.put_back(other.replica, other.from, other.devices);
  }
  void wait(const std::vector<Ejected> &out) {
    for (const Ejected &other : out)
      waiting_.push_back(other.replica);
  }

  // Lifts others until the node admits the replica, or it gets dearer than `limit`. \returns them.
  std::vector<Ejected> ejected(uint32_t replica, uint32_t node, uint64_t limit, uint64_t &penalty) {
    std::vector<Ejected> out;
    auto eject = [&](uint32_t other) {
      penalty += penalty_[other];
      out.push_back({other, state_.node_of(other), state_.devices_of(other)});
      state_.lift(other);
    };
    budget_.spend(4);
    if (!tables_.may(replica, node))
      return out;
    // Members of its groups may stand in its way from other nodes of a domain.
    if (!state_.within_limits(replica, node))
      for (uint32_t g : state_.rivals(replica))
        for (const uint32_t *m = tables_.members.from(g);
             m != tables_.members.to(g) && penalty < limit; ++m) {
          budget_.spend(1);
          if (*m != replica && state_.node_of(*m) != nowhere &&
              state_.in_the_way(*m, replica, node))
            eject(*m);
        }
    std::vector<uint32_t> there = state_.hosted(node);
    shuffle(there, random_);
    std::stable_sort(there.begin(), there.end(),
                     [&](uint32_t a, uint32_t b) { return penalty_[a] < penalty_[b]; });
    for (uint32_t other : there) {
      if (penalty >= limit || state_.room(replica, node))
        break;
      budget_.spend(2);
      eject(other);
    }
    // Who need not have left comes back.
    for (size_t i = out.size(); i-- > 0;) {
      if (out[i].from != node || !state_.admits(replica, node))
        continue;
      state_.put_back(out[i].replica, node, out[i].devices);
      if (state_.admits(replica, node)) {
        penalty -= penalty_[out[i].replica];
        out.erase(out.begin() + static_cast<ptrdiff_t>(i));
      } else {
        state_.lift(out[i].replica);
      }
    }
    return out;
  }

  // Members of groups whose spreads or nearness are not kept, and of those they should be near.
  std::vector<uint32_t> concerned() {
    std::vector<bool> seen(tables_.replicas);
    std::vector<uint32_t> out;
    for (uint32_t group : state_.broken_groups())
      for (const uint32_t *m = tables_.members.from(group); m != tables_.members.to(group); ++m)
        if (state_.node_of(*m) != nowhere && !seen[*m]) {
          seen[*m] = true;
          out.push_back(*m);
        }
    shuffle(out, random_);
    return out;
  }

  // Everybody is placed, and some rules are not kept: moves of those concerned, several times,
  // since a domain is not left by one alone; then an ejection; then moves of anybody. that do no
  // harm, since a domain is not left by one alone; then an ejection; then moves of anybody.
  void mend() {
    const std::vector<uint32_t> replicas = concerned();
    bool mended = false;
    for (uint32_t round = 0; round < most_rounds && !mended; ++round)
      for (uint32_t replica : replicas)
        mended |= mend_by(replica);
    if (mended || state_.broken() == 0 || make_room(replicas))
      return;
    const uint32_t tries = std::min(tables_.replicas, most_drift / std::max(tables_.nodes, 1U));
    for (uint32_t i = 0; i < tries; ++i)
      mend_by(random_.below(tables_.replicas));
  }

  // One that mends; else one that brings the replica near whom it should be, though others of its
  // group stay behind; else, now and then, one that does no harm.
  bool mend_by(uint32_t replica) {
    const uint32_t from = state_.node_of(replica);
    if (!budget_.spend(1) || state_.broken() == 0 || !state_.bound(replica) || from == nowhere)
      return false;
    Choice best, nearer;
    const Cost leaving = state_.leaving(replica);
    const uint32_t stranded = state_.stranded(replica, from);
    uint32_t harmless = nowhere, seen = 0;
    for (uint32_t node = 0; node < tables_.nodes; ++node) {
      if (node == from || !insertion_.consider(replica, node, leaving, best) ||
          state_.strain(replica, node) != 0)
        continue;
      if (stranded > 0 && state_.stranded(replica, node) < stranded)
        insertion_.consider(replica, node, leaving, nearer);
      if (random_.below(++seen) == 0)
        harmless = node;
    }
    budget_.spend(tables_.nodes);
    if (best.node == nowhere || best.strain > 0)
      return false;
    if (best.strain == 0)
      best = nearer;
    if (best.node == nowhere && random_.below(8) > 0)
      return false;
    const bool mends = state_.strain(replica, best.node == nowhere ? harmless : best.node) < 0;
    insertion_.shift(replica, best.node == nowhere ? harmless : best.node);
    return mends;
  }

  // No room where it is wanted: somebody who would mend something there makes it.
  bool make_room(const std::vector<uint32_t> &replicas) {
    for (uint32_t replica : replicas) {
      const uint32_t first = random_.below(tables_.nodes);
      for (uint32_t n = 0; n < tables_.nodes && budget_.spend(1); ++n) {
        const uint32_t node = (first + n) % tables_.nodes;
        if (state_.node_of(replica) == node || state_.strain(replica, node) >= 0)
          continue;
        uint64_t penalty = 0;
        std::vector<Ejected> out = ejected(replica, node, UINT64_MAX, penalty);
        const bool admitted = state_.admits(replica, node);
        put_back(out);
        if (!admitted)
          continue;
        for (const Ejected &other : out)
          insertion_.shift(other.replica, nowhere);
        insertion_.shift(replica, node);
        wait(out);
        return true;
      }
    }
    return false;
  }

  static constexpr Breadth breadth{16, 64, 0.05};
  static constexpr uint32_t most_tried = 48, most_rounds = 4, most_drift = 2'000'000;

  State &state_;
  const Tables &tables_;
  Random &random_;
  Budget &budget_;
  Insertion insertion_;
  std::vector<double> nodes_in_set_; ///< all nodes per node of the set
  std::vector<uint64_t> penalty_;    ///< how often it was hard to place
  std::vector<uint32_t> waiting_;
  bool hopeless_ = false; ///< somebody fits no node even alone
};

} // namespace

bool construct(State &state, Random &random, Budget &budget) {
  return Construction(state, random, budget).run();
}

} // namespace nemo::optimiser
