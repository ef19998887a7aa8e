// What to do next, as a pure function: what each instance does now, what is desired of it, the
// clock -> steps. No process is touched here; apply() elsewhere carries the steps out and asks
// again, until nothing is left to do.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "protocol/node.pb.h"
#include "runtime-agent/core/loop.h"
#include "runtime-agent/core/others.h"

namespace nemo::agent {

/// One replica in one revision.
struct Key {
  std::string stack;
  std::string workload;
  uint32_t replica = 0;
  std::string revision;
  auto operator<=>(const Key &) const = default;
  std::string name() const { return workload + "/" + std::to_string(replica); }
};

enum class Phase {
  waiting,   ///< not started in this boot, or to be started now
  launching, ///< written down that it is about to be started; seen only after a crash of the agent
             ///< in between
  live,
  stopping, ///< asked to end; still there
  backoff,  ///< ended; will be started again at `until`
  exited,   ///< ended, and its restart policy lets it
  failed,   ///< could not be started; tried again at `until` if there is one
  leaving,  ///< live, while its memory is copied to another node
  given,    ///< stands still: it is another node's, as far as that has not refused it
  arriving, ///< started to take in a machine that is still another node's
};

struct Item {
  Key key;
  const proto::Instance *desired = nullptr; ///< null: not in its stack's part any more
  Phase phase = Phase::waiting;
  bool healthy = false;            ///< live, and its check passes or it has none
  bool succeeded = false;          ///< exited with code 0
  bool admitted = false;           ///< its start gates have held once in this boot
  bool killed = false;             ///< stopping: SIGKILL was sent
  std::optional<Ticks> until;      ///< backoff, failed: next try; stopping: when patience ends
  std::optional<Ticks> not_before; ///< waiting: by the wall clock of now, not to be started earlier
  bool ran_before = false;         ///< in any boot
  /// Live: when it may be moved as it runs; nullopt: it cannot, or not any more.
  std::optional<Ticks> move_at;
  std::string moves_to;  ///< leaving: the node
  std::string no_lease;  ///< why it may not run now; empty: it may
  std::string held_back; ///< why its stack starts nothing that has never run; empty: it does
};

struct Step {
  enum Kind { start, stop, kill, forget, hold, move, call_off };
  Kind kind = hold;
  Key key;
  std::string reason; ///< stop, call_off: why; hold: which gate it waits for; move: the node
  bool operator==(const Step &) const = default;
};

struct Decision {
  std::vector<Step> steps;   ///< stops before starts; holds change nothing but what is reported
  std::optional<Ticks> wake; ///< when time alone may change the decision
};

/// \param items  every instance that is desired or known; desired retiring instances only if known.
/// \param node, others  whose these are, and what is known of other nodes. What has run here before
/// does not wait for another node again: a node that boots without a network starts all that it
/// had.
Decision decide(const std::vector<Item> &items, Ticks now, const std::string &node = {},
                const Others &others = {});

/// Whether a gate of `stack` on this node holds. HEALTHY holds also for a workload that ran to its
/// end with success: what waits for a one-shot job waits for its work to be done.
bool holds(const proto::Gate &gate, const std::string &stack, const std::vector<Item> &items);

/// How a run ended.
struct Exit {
  std::optional<int>
      code; ///< nullopt: nobody knows (killed from outside together with its supervisor)
  bool out_of_memory = false;
  bool deadline = false; ///< until which it was allowed to run
};

struct Next {
  Phase phase = Phase::exited;
  std::optional<Ticks> until;
  uint32_t streak = 0; ///< failures in a row, for the next call
  std::string reason;
};

/// After a run that nobody asked to end. The wait doubles with each failure in a row, from
/// backoff_ms to backoff_max_ms, plus up to a quarter by `jitter` (0..1), and starts anew after a
/// run of at least ten times backoff_max or ten minutes, whichever is less.
Next after_exit(const proto::Restart &restart, const Exit &exit, uint32_t streak, Ticks ran_for,
                Ticks now, double jitter);

/// After a start that failed: FAILED, tried again by the same rule unless the policy is NEVER.
Next after_failure(const proto::Restart &restart, std::string reason, uint32_t streak, Ticks now,
                   double jitter);

/// What health checks say about one live instance.
struct Health {
  bool healthy = false;
  bool was_healthy = false; ///< since this start
  uint32_t failures = 0;    ///< in a row
  bool unhealthy = false;   ///< too many in a row
};
Health after_check(const proto::Health &check, Health health, bool passed, Ticks since_start);

} // namespace nemo::agent
