// The rules about groups, kept by counts of replicas per domain. Limits are never broken; spreads
// and nearness can be, while a placement is under construction, and `broken` says by how much.
#pragma once

#include "compiler/placement/search/tables.h"
#include "compiler/placement/search/tallies.h"

namespace nemo::optimiser {

class Rules {
public:
  explicit Rules(const Tables &tables);

  /// Domains that spreads lack, and domains from which nearness does not reach.
  int64_t broken() const { return broken_; }

  /// Whether no limit forbids the replica to be on `to` once it has left `from`.
  bool within_limits(uint32_t replica, uint32_t from, uint32_t to) const;
  bool in_the_way(uint32_t other, uint32_t node_of_other, uint32_t replica, uint32_t node) const;
  /// By how much `broken` would rise. Both nodes may be nowhere.
  int64_t change(uint32_t replica, uint32_t from, uint32_t to) const;
  void shift(uint32_t replica, uint32_t from, uint32_t to);

  /// \pre two replicas on different nodes.
  bool may_swap(uint32_t one, uint32_t node_of_one, uint32_t other, uint32_t node_of_other);

  /// Whether a spread of its groups lacks domains, or a nearness is about them.
  bool unsettled(uint32_t replica) const;
  /// How many of its groups' nearness rules do not reach anybody from the node.
  uint32_t stranded(uint32_t replica, uint32_t node) const;
  /// Those that `broken` counts, and whom they should be near; each once.
  std::vector<uint32_t> broken_groups() const;

  /// Groups whose members may stand in the replica's way.
  std::vector<uint32_t> rivals(uint32_t replica) const;

  /// Whether any rule is about the replica.
  bool bind(uint32_t replica) const { return bound_[replica]; }

private:
  struct Bounded {
    uint32_t tally, family, most;
  };
  struct Foe { ///< whom a group is apart from
    uint32_t group, tally, family;
    uint32_t relation;
    bool towards; ///< the relation leads from the foe to the group
  };
  struct Scattered {
    uint32_t tally, family, least;
  };
  struct Reached {
    uint32_t group, to;             ///< groups
    uint32_t group_tally, to_tally; ///< of the same family
    uint32_t family, relation;
  };
  /// What concerns a group: ranges of the arrays below, and its tallies.
  struct OfGroup {
    uint32_t limits_end = 0, foes_end = 0, spreads_end = 0, nears_end = 0, tallies_end = 0;
  };
  struct Counted {
    uint32_t tally, family;
  };

  uint32_t domain(uint32_t family, uint32_t node) const {
    return node == nowhere ? nowhere : domain_of_[family][node];
  }
  bool member(uint32_t replica, uint32_t group) const {
    for (const uint32_t *g = tables_.groups_of.from(replica); g != tables_.groups_of.to(replica);
         ++g)
      if (*g == group)
        return true;
    return false;
  }
  bool reached(const Reached &near, uint32_t in) const;
  /// Whether a foe in the one domain forbids a replica in the other.
  bool forbids(const Foe &foe, uint32_t in_foe, uint32_t in) const {
    if (foe.relation == UINT32_MAX)
      return in_foe == in;
    const Relation &relation = tables_.model.relations[foe.relation];
    const size_t domains = tables_.model.families[foe.family].domains;
    return relation.reaches[foe.towards ? in_foe * domains + in : in * domains + in_foe];
  }
  bool apart(uint32_t one, uint32_t other) const;
  /// Of `broken`, in one family's domains, when one that has to be near moves, or one to be near
  /// to.
  int64_t follower_change(const Reached &near, uint32_t out, uint32_t into) const;
  int64_t leader_change(const Reached &near, uint32_t out, uint32_t into) const;
  int64_t near_change(const Reached &near, bool is_group, bool is_to, uint32_t from,
                      uint32_t to) const;

  const Tables &tables_;
  Tallies tallies_;
  std::vector<const uint32_t *> domain_of_; ///< by family
  std::vector<OfGroup> of_group_;           ///< [group + 1]; begins where the one before ends
  std::vector<Bounded> limits_;
  std::vector<Foe> foes_;
  std::vector<Scattered> spreads_;
  std::vector<uint32_t> near_of_; ///< indices into nears_, by group
  std::vector<Reached> nears_;
  std::vector<Counted> counted_;
  std::vector<bool> bound_;
  int64_t broken_ = 0;
};

} // namespace nemo::optimiser
