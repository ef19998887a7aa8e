#include "orchestrator/tracker.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/explain/texts.h"

#include "llvm/ADT/StringRef.h"

namespace nemo::orchestrator {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint32_t crash_loop = 3; // restarts that came to nothing
// Without a health check, running this long counts as up: what falls at once has fallen by then,
// and what has fallen before must stand longer.
constexpr auto settle = milliseconds(10);
constexpr auto settle_again = seconds(2);
constexpr auto health_slack = seconds(30); // beyond what the health check itself allows

bool over(proto::Running::State state) {
  return state == proto::Running::STOPPED || state == proto::Running::EXITED ||
         state == proto::Running::FAILED;
}

std::string why(const proto::Running &instance, llvm::StringRef otherwise) {
  if (!instance.reason().empty())
    return instance.reason();
  if (instance.has_exit_code())
    return fmt::format("exited with code {}", instance.exit_code());
  return otherwise.str();
}

bool ended(Phase phase) { return phase != Phase::waiting && phase != Phase::running; }

} // namespace

const char *to_text(Phase phase) {
  switch (phase) {
  case Phase::waiting:
    return "waiting";
  case Phase::running:
    return "running";
  case Phase::done:
    return "done";
  case Phase::failed:
    return "failed";
  case Phase::blocked:
    return "blocked";
  case Phase::handed_over:
    return "handed over";
  }
  return "";
}

Tracker::Tracker(const proto::Plan &plan) : stack_(plan.stack()) {
  for (const proto::Action &action : plan.actions()) {
    ActionState state;
    state.action = action;
    std::tie(state.workload, state.replica) = explain::replica_of(action.object());
    actions_.push_back(std::move(state));
  }
  for (const proto::Part &part : plan.parts())
    for (const proto::Instance &instance : part.instances()) {
      const proto::Health &health = instance.spec().health();
      Need need;
      need.start_at = instance.start_at();
      need.has_health = health.kind() != proto::Health::NONE;
      need.health_patience =
          milliseconds(health.grace_ms() +
                       (health.failures() + 1ull) * (health.every_ms() + health.timeout_ms()));
      needs_[{{instance.workload(), instance.replica(), part.node()}, instance.revision()}] = need;
    }
}

void Tracker::see(const proto::Running &instance) {
  if (instance.stack() != stack_)
    return;
  const Replica replica{instance.workload(), instance.replica(), instance.node()};
  auto [entry, fresh] = lives_.try_emplace({replica, instance.revision()});
  Life &life = entry->second;
  if (fresh)
    life.first_restarts = instance.restarts();
  const bool same_run =
      life.last.pid() == instance.pid() && life.last.restarts() == instance.restarts();
  if (instance.state() != proto::Running::RUNNING || !same_run)
    life.up_since = {};
  if (instance.state() == proto::Running::RUNNING || over(instance.state()))
    life.unwell_since = {};
  life.last = instance;
}

void Tracker::see(const proto::Fleet &fleet) {
  std::map<std::pair<Replica, std::string>, Life> before = std::move(lives_);
  lives_.clear();
  for (const proto::Running &instance : fleet.running()) {
    const std::pair<Replica, std::string> key{
        {instance.workload(), instance.replica(), instance.node()}, instance.revision()};
    if (const auto known = before.find(key); known != before.end())
      lives_.insert(*known);
    see(instance);
  }
}

const Tracker::Life *Tracker::life(const Replica &replica, const std::string &revision) const {
  const auto found = lives_.find({replica, revision});
  return found == lives_.end() ? nullptr : &found->second;
}

bool Tracker::still_runs(const Replica &replica, const std::string &revision) const {
  for (const auto &[key, life] : lives_)
    if (key.first == replica && (revision.empty() || key.second == revision) &&
        !over(life.last.state()))
      return true;
  return false;
}

void Tracker::judge_stop(ActionState &state) {
  const Replica replica{state.workload, state.replica, state.action.node()};
  if (!still_runs(replica, state.action.from_revision())) {
    state.phase = Phase::done;
    state.detail.clear();
    return;
  }
  const Life *old = life(replica, state.action.from_revision());
  const bool stopping = old != nullptr && old->last.state() == proto::Running::STOPPING;
  state.phase = stopping ? Phase::running : Phase::waiting;
  state.detail = stopping ? "stopping" : "";
}

void Tracker::judge_start(ActionState &state, Clock::time_point now) {
  const proto::Action &action = state.action;
  const Replica replica{state.workload, state.replica, action.node()};
  auto found = lives_.find({replica, action.revision()});
  if (found == lives_.end()) {
    state.phase = Phase::waiting;
    state.detail.clear();
    return;
  }
  Life &life = found->second;
  const proto::Running &last = life.last;
  const Need need = needs_[found->first];
  state.phase = Phase::running;
  auto fail = [&](std::string reason) {
    state.phase = Phase::failed;
    state.detail = std::move(reason);
    const Replica old{state.workload, state.replica,
                      action.from_node().empty() ? action.node() : action.from_node()};
    state.old_one_serves =
        !action.from_revision().empty() &&
        (action.from_revision() != action.revision() || !action.from_node().empty()) &&
        still_runs(old, action.from_revision());
  };
  switch (last.state()) {
  case proto::Running::FAILED:
    return fail(why(last, "it cannot be started"));
  case proto::Running::EXITED:
    if (last.exit_code() != 0)
      return fail(why(last, "it ended"));
    break; // a task that has done its work
  case proto::Running::BACKOFF:
    if (last.restarts() >= life.first_restarts + crash_loop)
      return fail(fmt::format("{} (restarted {} times)", why(last, "it keeps exiting"),
                              last.restarts() - life.first_restarts));
    state.detail = why(last, "it exited") + "; starting again";
    return;
  case proto::Running::STARTING:
  case proto::Running::UNHEALTHY:
    if (life.unwell_since == Clock::time_point{})
      life.unwell_since = now;
    if (now - life.unwell_since > need.health_patience + health_slack)
      return fail(why(last, "its health check did not pass"));
    state.detail = need.has_health ? "waiting for its health check" : "starting";
    return;
  case proto::Running::RUNNING:
    if (life.up_since == Clock::time_point{})
      life.up_since = now;
    if (!need.has_health && !explain::stays(action.verb())) {
      const bool fell = last.restarts() > life.first_restarts;
      const Clock::time_point settled = life.up_since + (fell ? settle_again : settle);
      if (now < settled) {
        settled_at_ = std::min(settled_at_.value_or(settled), settled);
        state.detail = "started";
        return;
      }
    }
    break;
  case proto::Running::PENDING:
    if (!need.start_at.empty() && last.reason() == "waits until " + need.start_at) {
      state.phase = Phase::done;
      state.detail = "starts at " + need.start_at;
      return;
    }
    state.phase = Phase::waiting;
    state.detail = last.reason();
    return;
  default:
    state.detail = last.reason();
    return;
  }
  // It is up; the one that it takes over from must be gone too.
  const Replica old{state.workload, state.replica,
                    action.from_node().empty() ? action.node() : action.from_node()};
  const bool same = old == replica && action.from_revision() == action.revision();
  if (!action.from_revision().empty() && !same && still_runs(old, action.from_revision())) {
    state.detail = "healthy; stopping the old one";
    return;
  }
  state.phase = Phase::done;
  state.detail.clear();
}

std::vector<size_t> Tracker::judge(Clock::time_point now) {
  std::vector<std::pair<Phase, std::string>> before;
  for (const ActionState &state : actions_)
    before.emplace_back(state.phase, state.detail);
  settled_at_.reset();
  for (ActionState &state : actions_) {
    if (ended(state.phase) && state.phase != Phase::blocked)
      continue;
    if (state.action.verb() == "delete")
      judge_stop(state);
    else
      judge_start(state, now);
  }
  // What comes after a failure stays where it is. Until nothing changes: chains.
  for (bool changed = true; changed;) {
    changed = false;
    for (ActionState &state : actions_) {
      if (ended(state.phase))
        continue;
      for (const ActionState &other : actions_)
        if ((other.phase == Phase::failed || other.phase == Phase::blocked) &&
            std::find(state.action.after().begin(), state.action.after().end(),
                      other.action.id()) != state.action.after().end()) {
          state.phase = Phase::blocked;
          state.detail = "comes after " + other.action.id() + ", which is " + to_text(other.phase);
          changed = true;
          break;
        }
    }
  }
  std::vector<size_t> result;
  for (size_t i = 0; i < actions_.size(); ++i)
    if (before[i] != std::pair(actions_[i].phase, actions_[i].detail))
      result.push_back(i);
  return result;
}

bool Tracker::finished() const {
  return std::all_of(actions_.begin(), actions_.end(),
                     [](const ActionState &state) { return ended(state.phase); });
}

bool Tracker::all_done() const {
  return std::all_of(actions_.begin(), actions_.end(),
                     [](const ActionState &state) { return state.phase == Phase::done; });
}

} // namespace nemo::orchestrator
