#include "runtime-agent/core/decide.h"

#include <algorithm>

#include <fmt/format.h>

namespace nemo::agent {

namespace {

/// The wall clock may be set meanwhile: it is looked at again after that long.
constexpr Ticks clock_patience = 30'000;

/// What ran before is kept running, also over a reboot, as far as its restart policy goes; nothing
/// else is started of what is held back.
bool is_held_back(const Item &item) {
  return !item.held_back.empty() &&
         !(item.ran_before && item.desired->spec().restart().policy() != proto::Restart::NEVER);
}

bool runs(Phase phase) {
  return phase == Phase::live || phase == Phase::stopping || phase == Phase::launching ||
         phase == Phase::leaving || phase == Phase::given || phase == Phase::arriving;
}

std::string describe(const proto::Gate &gate) {
  return fmt::format("waits until {}/{}{} {}", gate.workload(), gate.replica(),
                     gate.node().empty() ? "" : " on " + gate.node(),
                     gate.kind() == proto::Gate::HEALTHY ? "is healthy" : "has stopped");
}

Ticks wait_for(const proto::Restart &restart, uint32_t streak, double jitter) {
  const auto first = static_cast<double>(restart.backoff_ms() == 0 ? 1000 : restart.backoff_ms());
  const auto most = std::max(
      first,
      static_cast<double>(restart.backoff_max_ms() == 0 ? 60'000 : restart.backoff_max_ms()));
  double wait = first;
  for (uint32_t i = 1; i < streak && wait < most; ++i)
    wait *= 2;
  wait = std::min(wait, most);
  return static_cast<Ticks>(wait * (1 + std::clamp(jitter, 0.0, 1.0) / 4));
}

Ticks calm_after(const proto::Restart &restart) {
  const uint64_t most = restart.backoff_max_ms() == 0 ? 60'000 : restart.backoff_max_ms();
  return static_cast<Ticks>(std::min<uint64_t>(most, 60'000) * 10);
}

} // namespace

bool holds(const proto::Gate &gate, const std::string &stack, const std::vector<Item> &items) {
  bool healthy = false, stopped = true;
  for (const Item &item : items) {
    if (item.key.stack != stack || item.key.workload != gate.workload() ||
        item.key.replica != gate.replica() ||
        (!gate.revision().empty() && item.key.revision != gate.revision()))
      continue;
    stopped &= !runs(item.phase);
    healthy |= ((item.phase == Phase::live || item.phase == Phase::leaving) && item.healthy) ||
               (item.phase == Phase::exited && item.succeeded);
  }
  switch (gate.kind()) {
  case proto::Gate::HEALTHY:
    return healthy;
  case proto::Gate::STOPPED:
    return stopped;
  default:
    return false;
  }
}

Decision decide(const std::vector<Item> &items, Ticks now, const std::string &node,
                const Others &others) {
  Decision decision;
  std::vector<Step> starts, holds_back;
  auto wake_at = [&](Ticks at) { decision.wake = std::min(decision.wake.value_or(at), at); };
  auto unmet = [&](const Item &item, const auto &gates) -> const proto::Gate * {
    for (const proto::Gate &gate : gates) {
      const bool here = gate.node().empty() || gate.node() == node;
      if (here ? !holds(gate, item.key.stack, items)
               : !(item.ran_before && item.phase == Phase::waiting) &&
                     !holds_elsewhere(gate, item.key.stack, others))
        return &gate;
    }
    return nullptr;
  };
  for (const Item &item : items) {
    const bool wanted = item.desired != nullptr && !item.desired->retiring();
    switch (item.phase) {
    case Phase::live:
      if (item.desired == nullptr)
        decision.steps.push_back({Step::stop, item.key, "it is not desired any more"});
      else if (item.desired->retiring() && !unmet(item, item.desired->stop_after())) {
        if (item.desired->moves_to().empty() || !item.move_at)
          decision.steps.push_back({Step::stop, item.key, "its successor has taken over"});
        else if (*item.move_at <= now)
          decision.steps.push_back({Step::move, item.key, item.desired->moves_to()});
        else
          wake_at(*item.move_at);
      }
      break;
    case Phase::leaving:
      if (item.desired == nullptr || !item.desired->retiring() ||
          item.desired->moves_to() != item.moves_to)
        decision.steps.push_back({Step::call_off, item.key, "it is not to move there any more"});
      break;
    case Phase::arriving:
      if (!wanted)
        decision.steps.push_back({Step::call_off, item.key, "it is not to come here any more"});
      break;
    case Phase::given:
      break; // the other node has the word
    case Phase::stopping:
      if (item.killed || !item.until)
        break;
      if (*item.until <= now)
        decision.steps.push_back({Step::kill, item.key, "it did not end within its grace time"});
      else
        wake_at(*item.until);
      break;
    case Phase::launching:
      break; // settled by adoption before anything is decided about it
    case Phase::exited:
      if (!wanted)
        decision.steps.push_back({Step::forget, item.key, {}});
      break;
    case Phase::backoff:
    case Phase::failed:
      if (!wanted)
        decision.steps.push_back({Step::forget, item.key, {}});
      else if (item.until && is_held_back(item))
        holds_back.push_back({Step::hold, item.key, item.held_back});
      else if (item.until && *item.until <= now && !item.no_lease.empty())
        holds_back.push_back({Step::hold, item.key, item.no_lease});
      else if (item.until && *item.until <= now)
        starts.push_back({Step::start, item.key, {}});
      else if (item.until)
        wake_at(*item.until);
      break;
    case Phase::waiting:
      if (!wanted)
        decision.steps.push_back({Step::forget, item.key, {}});
      else if (is_held_back(item))
        holds_back.push_back({Step::hold, item.key, item.held_back});
      else if (item.not_before && *item.not_before > now) {
        holds_back.push_back({Step::hold, item.key, "waits until " + item.desired->start_at()});
        wake_at(std::min(*item.not_before, now + clock_patience));
      } else if (const proto::Gate *gate =
                     item.admitted ? nullptr : unmet(item, item.desired->start_after()))
        holds_back.push_back({Step::hold, item.key,
                              item.desired->moves_from().empty()
                                  ? describe(*gate)
                                  : "waits for it to come from " + item.desired->moves_from()});
      else if (!item.no_lease.empty())
        holds_back.push_back({Step::hold, item.key, item.no_lease});
      else
        starts.push_back({Step::start, item.key, {}});
      break;
    }
  }
  decision.steps.insert(decision.steps.end(), starts.begin(), starts.end());
  decision.steps.insert(decision.steps.end(), holds_back.begin(), holds_back.end());
  return decision;
}

Next after_exit(const proto::Restart &restart, const Exit &exit, uint32_t streak, Ticks ran_for,
                Ticks now, double jitter) {
  Next next;
  next.reason = !exit.code      ? "ended without leaving an exit code: it was killed from outside"
                : exit.deadline ? "ended because its lease was not renewed in time"
                : exit.out_of_memory ? "ended because it needed more memory than its limit"
                : *exit.code > 128 && *exit.code < 193
                    ? fmt::format("ended by signal {}", *exit.code - 128)
                    : fmt::format("ended with exit code {}", *exit.code);
  const bool success = exit.code == 0;
  if (restart.policy() == proto::Restart::NEVER ||
      (restart.policy() == proto::Restart::ON_FAILURE && success))
    return next;
  next.phase = Phase::backoff;
  next.streak = ran_for >= calm_after(restart) ? 1 : streak + 1;
  next.until = now + wait_for(restart, next.streak, jitter);
  return next;
}

Next after_failure(const proto::Restart &restart, std::string reason, uint32_t streak, Ticks now,
                   double jitter) {
  Next next;
  next.phase = Phase::failed;
  next.reason = std::move(reason);
  next.streak = streak + 1;
  if (restart.policy() != proto::Restart::NEVER)
    next.until = now + wait_for(restart, next.streak, jitter);
  return next;
}

Health after_check(const proto::Health &check, Health health, bool passed, Ticks since_start) {
  if (passed)
    return {.healthy = true, .was_healthy = true, .failures = 0, .unhealthy = false};
  // Before its first success, failures within the grace time are part of starting.
  if (!health.was_healthy && since_start < static_cast<Ticks>(check.grace_ms()))
    return health;
  ++health.failures;
  if (health.failures >= std::max<uint32_t>(check.failures(), 1)) {
    health.healthy = false;
    health.unhealthy = true;
  }
  return health;
}

} // namespace nemo::agent
