// Who waits for whom before it starts or stops, as far as that follows from what the intent says;
// what follows from room is added by the schedule.
#pragma once

#include <set>
#include <vector>

#include "compiler/migration/changes.h"

namespace nemo::compiler {

struct Wait {
  enum class For {
    healthy, ///< a wanted replica
    left,    ///< one that is left as it is
    stopped, ///< an old one
  };
  For what = For::healthy;
  size_t at = 0; ///< index of the wanted replica or of the old one
  const stages::Existing *frozen = nullptr;
};

/// Rank new instances by (start order, number). A new one waits for lower ranks, for its own
/// predecessor when that stops first, and for old ones that hold a port that it needs. An old one
/// that stops first waits for lower ranks; one that stops last waits for its successor and for old
/// ones that depend on it.
class Waits {
public:
  Waits(const stages::Inputs &inputs, const WantedReplicas &wanted, Changes &changes);

  std::vector<std::vector<Wait>> start; ///< by wanted replica
  std::vector<std::vector<Wait>> stop;  ///< by old one

  /// What an old one's stopping waits for when it does not wait for its successor: its turn among
  /// the replicas of its workload, and with `all` what its successor needs to serve.
  std::vector<Wait> turn(size_t old, bool all) const;
  /// Lets an old one stop before its successor serves.
  void release(size_t old, std::string why, std::vector<Wait> waits);
  /// A new one waits for an old one that holds what it needs.
  void hold(size_t replica, size_t old);
  /// They may not be on the node together, as one of them is exclusive.
  bool excludes(size_t replica, size_t old) const;
  /// By change: those that are through before it begins, for people to see.
  std::vector<std::set<size_t>> after() const;
  /// The replica that an old one is followed by.
  std::optional<size_t> successor(size_t old) const;
  const Change &change_of(size_t replica) const {
    return changes_.changes[changes_.change_of_wanted[replica]];
  }

private:
  bool rolls(size_t replica) const;
  void ports();
  void exclusive();
  void needed(size_t replica, std::vector<Wait> &list) const;
  std::vector<size_t> in_turn(const std::vector<size_t> &roll);
  void before_in_roll(size_t replica, std::vector<Wait> &list) const;
  void users_first();

  const stages::Inputs &inputs_;
  const WantedReplicas &wanted_;
  Changes &changes_;
  const Renames renames_;
  std::vector<std::vector<size_t>> roll_; ///< by workload: replicas that change while they serve
  std::vector<std::vector<size_t>> idle_; ///< by workload: replicas that do not serve now
  std::vector<size_t> place_in_roll_;     ///< by replica
};

} // namespace nemo::compiler
