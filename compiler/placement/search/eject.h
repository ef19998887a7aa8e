// Finds room for replicas that have none, by sending away others that have been easier to place.
#pragma once

#include "compiler/placement/search/budget.h"
#include "compiler/placement/search/random.h"
#include "compiler/placement/search/state.h"

namespace nemo::optimiser {

/// The ejection pool. One of the pool at a time goes where it fits; if nowhere, at most three
/// replicas of one node leave for it, those that were in vain tried to be placed least often, and
/// wait in its stead. Random shifts and swaps in between keep it from going round in circles.
/// Source: Nagata and Bräysy (2009), "A powerful route minimization heuristic for the vehicle
/// routing problem with time windows".
class Ejection {
public:
  Ejection(State &state, Random &random, Budget &budget);

  /// Places the pool on these nodes; others move as well, but to no other node.
  /// \pre nobody of the pool is placed.
  /// \returns whether it did, nothing is broken, and the cost is below `limit`; if not, the state
  /// is anything.
  bool place(std::vector<uint32_t> pool, const std::vector<uint32_t> &nodes, Cost limit,
             uint64_t ticks);

  /// So many random shifts and swaps among these nodes, of those that break nothing and leave the
  /// cost below `limit`.
  void shake(const std::vector<uint32_t> &nodes, Cost limit, uint32_t tries);

private:
  static constexpr uint32_t most_ejected = 3;
  struct Best {
    uint64_t penalty = UINT64_MAX;
    uint32_t node = nowhere, ties = 0, count = 0;
    uint32_t out[most_ejected];
  };

  bool insert(uint32_t replica);
  bool eject_for(uint32_t replica);
  void note(uint32_t node);
  bool make_left(uint32_t replica, uint32_t node, bool all);
  void eject_from(uint32_t replica, uint32_t node, uint32_t most);
  /// From the random one on with which a round begins.
  uint32_t at(uint32_t i) const {
    const uint32_t count = static_cast<uint32_t>(nodes_->size());
    return (*nodes_)[first_ + i < count ? first_ + i : first_ + i - count];
  }
  void extend(uint32_t replica, uint32_t node, uint32_t depth, uint32_t first, uint64_t penalty,
              uint32_t most);
  void consider(uint32_t replica, uint32_t node, uint32_t count, uint64_t penalty);
  bool works(uint32_t replica, uint32_t node, uint32_t count);
  bool affordable(uint32_t replica, uint32_t node) const;
  bool bearable(Cost change, Cost limit);

  State &state_;
  const Tables &tables_;
  Random &random_;
  Budget &budget_;
  const std::vector<uint32_t> *nodes_ = nullptr;
  Cost limit_ = 0;
  bool plain_; ///< nothing costs but opening
  uint32_t first_ = 0;
  std::vector<uint64_t> penalty_;               ///< by replica
  std::vector<uint64_t> easiest_, easiest_two_; ///< by node, of one and of two that it hosts
  std::vector<uint32_t> pool_, copy_;
  Best best_;
  bool trusting_ = false; ///< who has room may be there
  const uint32_t *there_ = nullptr;
  uint32_t there_count_ = 0;
  uint32_t out_[most_ejected]; ///< the set that is tried
  std::vector<int64_t> left_;  ///< [depth * rooms]: of the node, without the set, with the replica
};

} // namespace nemo::optimiser
