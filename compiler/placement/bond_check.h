// Bonds as a search by backtracking sees them: what they rule out before anything is placed, and
// while only some are.
#pragma once

#include "compiler/placement/state.h"

namespace nemo::placement {

class BondCheck {
public:
  /// \param state  it has to live as long as this. Nodes are narrowed down for whom it has placed.
  explicit BondCheck(const State &state);

  /// The nodes that a need is allowed and that bonds leave it, wherever others are placed.
  const NodeBits &nodes(size_t need) const {
    return nodes_.empty() ? state_.allowed(need) : nodes_[need];
  }
  /// With the replica placed all of its workload are, and others that are not have to be near them.
  bool settles(size_t replica, uint64_t &steps) const;
  /// Whether bonds can still hold with the replica on the node. Once everybody is placed, each with
  /// leave of this, all of them do. \param steps  replicas looked at are taken off.
  bool allow(size_t replica, size_t node, uint64_t &steps) const;

private:
  /// Everybody that a bond with the need is about.
  struct Side {
    std::vector<uint32_t> needs, replicas;
    NodeBits fixed; ///< where bystanders are
    std::vector<uint32_t> bonds;
  };
  /// Where all of its replicas are; null: some are not placed, or there are none.
  std::optional<NodeBits> standing(const Need &need) const;
  void narrow();
  void narrow_near(const Bond &bond);
  void narrow_apart(const Bond &bond);
  NodeBits placeable(const Side &side) const;
  void keep(const Side &side, const NodeBits &nodes);
  void take(const Side &side, const NodeBits &nodes);
  bool placed(const Side &side, uint64_t &steps) const;
  template <typename Test> bool any(const Side &side, uint64_t &steps, Test test) const;
  template <typename Test> static bool any_fixed(const Side &side, Test test);

  const State &state_;
  const Problem &problem_;
  std::vector<NodeBits> nodes_;
  std::vector<Side> sides_; ///< by need; empty without bonds
};

} // namespace nemo::placement
