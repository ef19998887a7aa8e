// An order in which everything can be done: nodes have room at every step, and as many replicas
// stay up as must.
#pragma once

#include "base/diagnostics/diagnostics.h"
#include "compiler/migration/rooms.h"
#include "compiler/migration/waits.h"

namespace nemo::compiler {

/// Goes through the changes step by step, starting and stopping whatever may, and writes what that
/// rested on into `waits`: which new ones wait for room, and which old ones stop before their
/// successors serve because nothing would go on otherwise.
class Schedule {
public:
  Schedule(const stages::Inputs &inputs, const stages::Resolved &resolved,
           const WantedReplicas &wanted, Changes &changes, Waits &waits);

  /// \returns N0757 where a budget leaves no order, N0758 where everything waits for room.
  std::vector<Diagnostic> run();

private:
  friend class Stuck;
  struct Blocked {
    size_t old;
    std::string why; ///< stop-first, in the words of a hand-over
  };
  bool holds(const Wait &wait) const;
  bool all_hold(const std::vector<Wait> &waits) const;
  /// As many stay up as must when this old one stops.
  bool may_go(size_t old) const;
  std::vector<size_t> own(size_t replica) const;
  bool try_stop(size_t old);
  bool try_start(size_t replica);
  void set_up(size_t replica, int by);
  std::vector<Blocked> blocked_by(size_t replica) const;
  bool break_circle();

  const stages::Inputs &inputs_;
  const WantedReplicas &wanted_;
  Changes &changes_;
  Waits &waits_;
  Rooms rooms_;
  std::vector<char> started_, there_; ///< new ones that run; old ones that run
  std::vector<int> up_;               ///< by replica: its instances that run
  std::vector<int> serving_, least_;  ///< by workload: replicas that are up, and have to be
  std::vector<size_t> pending_new_, pending_old_;
};

} // namespace nemo::compiler
