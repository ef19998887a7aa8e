// A partial assignment and the one test of whether a replica fits a node. Every part of placement
// goes through it, so a hard rule is written down once.
#pragma once

#include <map>

#include "compiler/placement/devices.h"

namespace nemo::placement {

class State {
public:
  explicit State(const Problem &problem);

  const Problem &problem() const { return *problem_; }
  NodeId node_of(size_t replica) const { return node_of_[replica]; }
  const std::vector<NodeId> &assignment() const { return node_of_; }
  /// No rule removes the node, and it alone could hold the replica.
  bool admitted(size_t replica, size_t node) const {
    const Replica &who = problem_->replicas[replica];
    if (!allowed(who.need).test(node) ||
        (who.pinned && problem_->sets[who.pinned->excluded].test(node)))
      return false;
    for (const Clause &clause : who.barred)
      if (problem_->sets[clause.excluded].test(node))
        return false;
    return true;
  }
  bool fits(size_t replica, size_t node) const {
    return admitted(replica, node) && has_room(problem_->replicas[replica].need, node) &&
           may_share(problem_->replicas[replica].need, node) && keeps_apart(replica, node) &&
           devices_fit(replica, node);
  }
  /// What is left of the node's resources is enough.
  bool has_room(size_t need, size_t node) const;
  /// Nobody there is exclusive, or wants to be alone.
  bool may_share(size_t need, size_t node) const;
  /// Its ports are free there, and no sibling is where one may not be.
  bool keeps_apart(size_t replica, size_t node) const {
    return ports_free(problem_->replicas[replica].need, node) && is_spread(replica, node);
  }
  bool ports_free(size_t need, size_t node) const;
  bool is_spread(size_t replica, size_t node) const;
  void put(size_t replica, size_t node);
  /// On these devices of the node, where they are free.
  void put(size_t replica, size_t node, DeviceBits devices);
  void lift(size_t replica);
  const NodeBits &allowed(size_t need) const { return shapes_[shape_of_need_[need]]; }
  /// Needs of one shape are allowed the same nodes.
  uint32_t shape_of(size_t need) const { return shape_of_need_[need]; }
  struct Offer {
    int64_t cost;
    uint32_t node;
  };
  /// The allowed nodes by what the need costs there; of equals by tie_rank.
  const std::vector<Offer> &offers(size_t need) const;
  int64_t room(size_t resource, size_t node) const { return room_[resource][node]; }
  const std::vector<uint32_t> &on_node(size_t node) const { return on_node_[node]; }
  unsigned siblings_on(size_t need, size_t node) const;
  /// The part of `fits` that is about devices.
  bool devices_fit(size_t replica, size_t node) const {
    return racks_.fits(replica, node, on_node_[node]);
  }
  /// By replica; empty where nobody asks for any.
  const std::vector<DeviceBits> &devices() const { return racks_.held(); }
  /// Whoever is where it was is given the devices that it has there, as far as there is a way.
  void keep_devices();
  /// Something that did not fit may fit after all.
  bool doubted() const { return racks_.doubted(); }

private:
  void settle(size_t replica, size_t node);
  const Problem *problem_;
  // Few of ten thousand needs differ in what a node is to them: what is found out about all nodes
  // is found out once for each shape.
  std::vector<NodeBits> shapes_; ///< the nodes that a need of this shape is allowed
  std::vector<uint32_t> shape_of_need_;
  mutable std::map<std::tuple<uint32_t, uint32_t, uint32_t>, std::vector<Offer>>
      offers_; ///< shape, cost class, image
  std::vector<std::vector<int64_t>> room_;
  std::vector<NodeId> node_of_;
  std::vector<std::vector<uint32_t>> on_node_;
  std::vector<std::vector<uint16_t>> ports_;
  Racks racks_;
};

/// Order in which replicas are placed: those whose data is somewhere and exclusive ones first, then
/// those with the fewest nodes, then the largest.
std::vector<uint32_t> by_difficulty(const State &state);

/// Places everybody, cheapest first, or stops at the first replica that finds no room.
/// \param warm  begin with what runs now.
std::optional<ReplicaId> greedy(State &state, bool warm);

/// The same, by groups of those who have to be near one another, and never against a bond with
/// those who are placed. \pre nobody is. \returns whether everybody is placed and every bond kept.
bool bonded_greedy(State &state);

/// The same for room alone: where the least is left over. Costs do not count.
std::optional<ReplicaId> tight_fit(State &state);

/// Nobody would cost less elsewhere.
bool all_at_best(const State &state);

/// Moves replicas to where they cost less, until no placement costs less than `bound`.
/// \returns whether it was cut short.
bool improve(State &state, const Budget &budget, int64_t bound);

/// Places everybody by ejecting who is in the way. \pre nobody is placed.
/// \returns false when it did not; the state is as it was then.
bool repair(State &state, const Budget &budget);

enum class Verdict { found, impossible, undecided };
/// Exact: tries everything, up to `steps` nodes looked at, which are taken off.
Verdict search(State &state, uint64_t &steps);

} // namespace nemo::placement
