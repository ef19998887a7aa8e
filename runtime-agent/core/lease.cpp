// What runs only by a lease. Its supervisor ends it when that runs out, whatever becomes of the
// agent; here it is started once the lease is held, and is given more time as that is renewed.
#include "runtime-agent/core/agent.h"

#include <limits>

#include "base/error.h"

namespace nemo::agent {

namespace {

constexpr Ticks to_end = 150;  ///< that ending everything may take
constexpr Ticks least = 1'000; ///< of a lease, to start anything with

bool is_there(const Record &record) {
  return record.phase == Phase::live || record.phase == Phase::stopping ||
         record.phase == Phase::launching;
}

} // namespace

/// Whose lease counts: what retires runs by the one that it was started with.
const proto::Instance *Agent::runs_by(const Known &known) const {
  const proto::Instance *instance = desired(known.record.key);
  return instance && !instance->retiring() ? instance : &known.record.instance;
}

std::map<std::string, Agent::LeaseNeed> Agent::leases() const {
  std::map<std::string, LeaseNeed> needs;
  for (const auto &[key, known] : known_) {
    const Record &record = known.record;
    const proto::Instance *instance = runs_by(known);
    const bool waits = wanted(key) && record.phase != Phase::exited &&
                       (record.phase != Phase::failed || record.until);
    if (!instance->has_lease() || (!waits && !is_there(record)))
      continue;
    LeaseNeed &need = needs[instance->lease().name()];
    if (need.lease.token() < instance->lease().token())
      need.lease = instance->lease();
    need.runs |= is_there(record);
  }
  return needs;
}

void Agent::hold_lease(const std::string &name, std::optional<Ticks> until, std::string why) {
  HeldLease &held = held_leases_[name];
  const bool is_new = held.until.has_value() != until.has_value() || held.why != why;
  held = {until, std::move(why)};
  if (!until && held.why.empty()) // nobody needs it any more
    held_leases_.erase(name);
  if (until)
    for (auto &[key, known] : known_) {
      if (!known.by_lease || !known.pidfd || runs_by(known)->lease().name() != name)
        continue;
      if (auto error = sandbox::extend(known.pidfd.get(), *until - to_end))
        note(fmt::format("{} will end with its lease: {}", key.name(),
                         llvm::toString(std::move(error))));
    }
  if (is_new)
    reconcile_soon();
}

/// Why an instance may not run now; empty: it may.
std::string Agent::no_lease(const proto::Instance *instance) const {
  if (!instance || !instance->has_lease())
    return {};
  const auto held = held_leases_.find(instance->lease().name());
  if (held == held_leases_.end())
    return "waits for its lease";
  if (held->second.until && *held->second.until >= ticks() + least)
    return {};
  return held->second.why.empty() ? "waits for its lease"
                                  : "waits for its lease: " + held->second.why;
}

std::optional<Ticks> Agent::deadline(const Record &record) const {
  if (!record.instance.has_lease())
    return std::nullopt;
  const auto held = held_leases_.find(record.instance.lease().name());
  return held == held_leases_.end() ? 0 : held->second.until.value_or(0) - to_end;
}

/// What needs no lease any more is not ended by the last one; what needs one now is started anew,
/// as a deadline is there from the start or not at all.
void Agent::let_run_freely() {
  for (auto &[key, known] : known_) {
    const proto::Instance *instance = desired(key);
    if (!instance || instance->retiring() || known.record.phase != Phase::live || !known.pidfd ||
        instance->has_lease() == known.by_lease)
      continue;
    if (instance->has_lease()) {
      stop(known, "from now on it runs by a lease");
      continue;
    }
    if (auto error = sandbox::extend(known.pidfd.get(), std::numeric_limits<Ticks>::max() / 4))
      llvm::consumeError(std::move(error)); // it is ended, and started again without
    else
      known.by_lease = false;
  }
}

} // namespace nemo::agent
