// An assignment that changes one replica at a time. What a change costs and whether it is allowed
// takes O(resources + rules of the replica); the cost is exact at all times.
#pragma once

#include "compiler/placement/search/rules.h"
#include "compiler/placement/search/tables.h"

namespace nemo::optimiser {

class State {
public:
  /// Nobody is placed. \pre the tables outlive it.
  explicit State(const Tables &tables);

  /// Replaces everything. \returns false, with nobody placed who does not fit, when the solution
  /// breaks capacities, limits or sets of nodes.
  bool load(const Solution &solution);
  Solution solution() const;

  const Tables &tables() const { return tables_; }
  uint32_t node_of(uint32_t replica) const { return node_of_[replica]; }
  const std::vector<uint32_t> &hosted(uint32_t node) const { return hosted_[node]; }
  Cost cost() const { return cost_; }
  /// Overload and balance of a node.
  Cost node_cost(uint32_t node) const { return node_cost_[node]; }
  /// What is left by room, then the levels.
  const int64_t *node_row(uint32_t node) const {
    return rows_.data() + size_t{node} * tables_.stride;
  }
  /// Replicas that have to be placed and are not, and what spreads and nearness lack.
  int64_t broken() const { return missing_ + rules_.broken(); }

  /// Room for the replica's demand and devices, and a node that it may be on.
  [[gnu::always_inline]] bool room(uint32_t replica, uint32_t node) const {
    const int64_t *left = node_row(node), *taken = tables_.row_on(replica, node);
    for (uint32_t begin = 0; begin < tables_.rooms; begin += lanes) {
      int64_t lacks[lanes];
      for (uint32_t lane = 0; lane < lanes; ++lane)
        lacks[lane] = left[begin + lane] - taken[begin + lane];
      if (any_negative(lacks))
        return false;
    }
    return tables_.may(replica, node) && (!tables_.devices || devices_fit(replica, node, nowhere));
  }
  /// Whether it may move there: room, within limits, nothing more broken than before.
  /// \pre it is elsewhere or nowhere.
  bool fits(uint32_t replica, uint32_t node) const;
  /// The same, but it may break spreads and nearness.
  bool admits(uint32_t replica, uint32_t node) const;
  /// The part of `fits` that is not `room`.
  bool rules_allow(uint32_t replica, uint32_t node) const {
    return !rules_.bind(replica) || (rules_.within_limits(replica, node_of_[replica], node) &&
                                     rules_.change(replica, node_of_[replica], node) <= 0);
  }
  int64_t strain(uint32_t replica, uint32_t node) const {
    return rules_.bind(replica) ? rules_.change(replica, node_of_[replica], node) : 0;
  }

  bool within_limits(uint32_t replica, uint32_t node) const {
    return rules_.within_limits(replica, node_of_[replica], node);
  }
  /// Whether a limit that keeps the replica from the node counts the other where that one is.
  bool in_the_way(uint32_t other, uint32_t replica, uint32_t node) const {
    return rules_.in_the_way(other, node_of_[other], replica, node);
  }
  std::vector<uint32_t> rivals(uint32_t replica) const { return rules_.rivals(replica); }
  bool unsettled(uint32_t replica) const { return rules_.unsettled(replica); }
  uint32_t stranded(uint32_t replica, uint32_t node) const {
    return rules_.stranded(replica, node);
  }
  std::vector<uint32_t> broken_groups() const { return rules_.broken_groups(); }
  /// Whether any rule is about the replica.
  bool bound(uint32_t replica) const { return rules_.bind(replica); }

  /// Of the cost of a move, what does not depend on where it goes; the rest. Their sum is `delta`
  /// but for the busiest group.
  Cost leaving(uint32_t replica) const;
  Cost arriving(uint32_t replica, uint32_t node) const;
  Cost busiest_change(uint32_t replica, uint32_t node) const;
  /// Of moving a replica to a node, which it is not on; either may be nowhere.
  Cost delta(uint32_t replica, uint32_t node) const {
    return leaving(replica) +
           (node == nowhere ? tables_.own(replica, node) : arriving(replica, node)) +
           busiest_change(replica, node);
  }

  /// Of two replicas on different nodes: room for both, on nodes that they may be on; whether
  /// devices and rules allow it, too; what it costs.
  [[gnu::always_inline]] bool swap_room(uint32_t one, uint32_t other) const {
    const uint32_t a = node_of_[one], b = node_of_[other];
    const int64_t *at_a = node_row(a), *at_b = node_row(b);
    const int64_t *one_on_a = tables_.row_on(one, a), *one_on_b = tables_.row_on(one, b);
    const int64_t *other_on_a = tables_.row_on(other, a), *other_on_b = tables_.row_on(other, b);
    for (uint32_t begin = 0; begin < tables_.rooms; begin += lanes) {
      int64_t lacks[lanes];
      for (uint32_t lane = 0; lane < lanes; ++lane) {
        const uint32_t i = begin + lane;
        lacks[lane] =
            (at_a[i] + one_on_a[i] - other_on_a[i]) | (at_b[i] + other_on_b[i] - one_on_b[i]);
      }
      if (any_negative(lacks))
        return false;
    }
    return tables_.may(one, b) && tables_.may(other, a);
  }
  bool swap_allowed(uint32_t one, uint32_t other);
  bool swap_fits(uint32_t one, uint32_t other) {
    return swap_room(one, other) && swap_allowed(one, other);
  }
  Cost swap_delta(uint32_t one, uint32_t other);

  /// Moves `one` to where `other` is, and that one to `to`, a third node, if both may and the cost
  /// rises by at most `most`.
  bool chain(uint32_t one, uint32_t other, uint32_t to, Cost most);

  /// \pre fits, or admits. Any of the nodes may be nowhere.
  void shift(uint32_t replica, uint32_t node);
  void put(uint32_t replica, uint32_t node) { shift(replica, node); }
  void lift(uint32_t replica) { shift(replica, nowhere); }
  /// Undoes a lift: on the very devices that it had, `devices_of` before.
  void put_back(uint32_t replica, uint32_t node, uint32_t devices);
  uint32_t devices_of(uint32_t replica) const {
    return devices_of_.empty() ? 0 : devices_of_[replica];
  }
  void swap(uint32_t one, uint32_t other);

  /// Nobody can be placed there any more, and it costs nothing. \pre it hosts nobody
  void close(uint32_t node);
  /// The replica runs nowhere: no place of its is a move. \pre the tables are this state's, and it
  /// is not at home
  void forget_home(uint32_t replica, Tables &tables);

  /// Moved replicas of a group, and the most of any.
  uint32_t moved(uint32_t group) const { return moved_[group]; }
  uint32_t busiest() const { return busiest_; }

private:
  /// Rows are padded to a multiple of it: a pair or all of them make one instruction.
  static constexpr uint32_t lanes = 4;
  // By signs alone, as comparing numbers of 64 bits takes many instructions on older processors.
  static bool any_negative(const int64_t (&of)[lanes]) {
    return (of[0] | of[1] | of[2] | of[3]) < 0;
  }
  bool moved_if_on(uint32_t replica, uint32_t node) const {
    return tables_.home[replica] != nowhere && tables_.home[replica] != node;
  }
  struct DeviceRoom {
    int64_t share = 0, memory = 0;
    auto operator<=>(const DeviceRoom &) const = default;
  };
  /// \param more  what it would have besides what is free.
  bool device_holds(uint32_t device, const DeviceDemand &want, DeviceRoom more) const;
  bool devices_fit(uint32_t replica, uint32_t node, uint32_t without) const;
  void take_devices(uint32_t replica, uint32_t node);
  void hold_devices(uint32_t replica, uint32_t node, uint32_t held);
  void free_devices(uint32_t replica, uint32_t node);
  void detach(uint32_t replica);
  void attach(uint32_t replica, uint32_t node);
  void count_move(uint32_t replica, bool moved);

  const Tables &tables_;
  Rules rules_;
  std::vector<uint32_t> node_of_, place_; ///< `place_` in hosted_ of its node
  std::vector<std::vector<uint32_t>> hosted_;
  std::vector<int64_t> rows_;
  std::vector<Cost> node_cost_;
  std::vector<uint32_t> devices_of_;
  std::vector<DeviceRoom> device_free_;
  std::vector<uint32_t> moved_, groups_moved_; ///< by group; how many groups moved that many
  uint32_t busiest_ = 0;
  int64_t missing_ = 0;
  Cost cost_ = 0;
};

} // namespace nemo::optimiser
