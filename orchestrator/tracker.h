// How far each action of a plan is, judged from what the agents report. A pure state machine:
// reports and the time go in, phases come out; who reads sockets and clocks is apply.cpp.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "protocol/plan.pb.h"

namespace nemo::orchestrator {

using Clock = std::chrono::steady_clock;

enum class Phase {
  waiting,     ///< for a gate
  running,     ///< under way
  done,        ///< as the plan says
  failed,      ///< did not come up; `detail` says why
  blocked,     ///< an action it comes after failed
  handed_over, ///< delivered to a backend that does not report
};
const char *to_text(Phase phase);

struct ActionState {
  proto::Action action;
  std::string workload;
  uint32_t replica = 0;
  Phase phase = Phase::waiting;
  std::string detail;          ///< one line: what it waits for, or why it failed
  bool old_one_serves = false; ///< failed, and the replica it was to replace still runs
};

class Tracker {
public:
  explicit Tracker(const proto::Plan &plan);

  void see(const proto::Running &instance); ///< one report
  void see(const proto::Fleet &fleet);      ///< the whole picture: what is absent is gone

  /// Judges anew. \returns the indices of actions whose phase or detail changed.
  std::vector<size_t> judge(Clock::time_point now);

  /// When what was started without a health check has run long enough to count as up, where that is
  /// all that some action still waits for.
  std::optional<Clock::time_point> settled_at() const { return settled_at_; }

  /// Nothing is waiting or running any more.
  bool finished() const;
  bool all_done() const;
  const std::vector<ActionState> &actions() const { return actions_; }

private:
  using Replica = std::tuple<std::string, uint32_t, std::string>; ///< workload, replica, node
  struct Life { ///< of one revision of one replica
    proto::Running last;
    uint32_t first_restarts = 0;
    Clock::time_point up_since{};     ///< runs without a break since; zero: does not run
    Clock::time_point unwell_since{}; ///< started and not healthy since; zero: not
  };
  struct Need { ///< what the spec says about coming up
    bool has_health = false;
    std::chrono::milliseconds health_patience{};
    std::string start_at; ///< of a job: nobody waits for it here
  };
  void judge_start(ActionState &state, Clock::time_point now);
  void judge_stop(ActionState &state);
  const Life *life(const Replica &replica, const std::string &revision) const;
  bool still_runs(const Replica &replica, const std::string &revision) const;

  std::string stack_;
  std::vector<ActionState> actions_;
  std::map<std::pair<Replica, std::string>, Life> lives_; ///< by replica and revision
  std::map<std::pair<Replica, std::string>, Need> needs_;
  std::optional<Clock::time_point> settled_at_;
};

} // namespace nemo::orchestrator
