// What happens to instances that run: their end, their health checks, what they use.
#include "runtime-agent/core/agent.h"

#include <csignal>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/error.h"

namespace nemo::agent {

namespace {

constexpr Ticks sample_every = 5000;
constexpr Ticks sample_at_least = 200; ///< apart: less says little about use
constexpr Ticks first_check = 10;      ///< somebody may wait for it; then 20, 40, ...

Ticks every(const proto::Health &check) {
  return check.every_ms() == 0 ? 10'000
                               : std::max<Ticks>(static_cast<Ticks>(check.every_ms()), 100);
}

} // namespace

double Agent::jitter() {
  uint32_t random = 0;
  (void)!::getrandom(&random, sizeof random, 0);
  return random / 4294967296.0;
}

void Agent::begin_monitoring(Known &known) {
  const Key key = known.record.key;
  auto error = loop_.watch(known.pidfd.get(), EPOLLIN, [this, key](uint32_t) { ended(key); });
  if (error)
    note(fmt::format("{} cannot be watched: {}", key.name(), llvm::toString(std::move(error))));
  known.by_lease = sandbox::deadline_of(known.pidfd.get()).has_value();
  known.health.healthy = known.health.was_healthy = known.record.healthy;
  if (known.record.phase == Phase::live &&
      known.record.instance.spec().health().kind() != proto::Health::NONE)
    check_later(known, first_check);
  if (known.record.phase == Phase::given && mover_) // under another name now
    ask_later(known);
  sample_later();
}

void Agent::end_monitoring(Known &known) {
  loop_.cancel(known.check_timer);
  loop_.cancel(known.move_timer);
  known.probe.reset();
  if (known.pidfd)
    loop_.forget(known.pidfd.get());
  known.pidfd.reset();
}

void Agent::ended(const Key &key) {
  Known &known = known_.at(key);
  Record &record = known.record;
  // Readable means ended; reaping it, and reading how, comes before its traces are removed.
  if (known.pidfd && !sandbox::finished(known.pidfd.get()))
    return;
  end_monitoring(known);
  const auto end = sandbox::ended(layout_.exit(key));
  clean(sandbox_id(key));
  ::unlink(started_path(key).c_str());
  take_refusals(known);
  say_all_refusals(known);
  const bool came = record.phase == Phase::arriving; // or was to: it starts when it may
  const bool asked = record.phase == Phase::stopping || came;
  record.move.reset();
  Exit exit;
  if (end)
    exit = {end->exit_code, end->out_of_memory, end->deadline};
  else if (record.killed)
    exit.code = 128 + SIGKILL;
  record.exit_code = exit.code;
  record.pid = 0;
  record.healthy = false;
  record.until.reset();
  known.cpu_cores.reset();
  known.memory_bytes.reset();
  if (asked) {
    // Wanted again by now: a new start. Not wanted: decide() will have it forgotten.
    record.phase = wanted(key) ? Phase::waiting : Phase::exited;
    if (!came)
      record.reason = record.killed ? "it was killed: it did not end within its grace time" : "";
  } else if (exit.deadline) { // no fault of its own
    record.phase = Phase::waiting;
    record.reason = after_exit({}, exit, 0, 0, 0, 0).reason;
    note(fmt::format("{} {}", key.name(), record.reason));
  } else {
    const Next next = after_exit(record.instance.spec().restart(), exit, record.streak,
                                 ticks() - record.started, ticks(), jitter());
    record.phase = next.phase;
    record.until = next.until;
    record.streak = next.streak;
    record.reason = next.reason;
  }
  record.killed = false;
  dirty(known);
  publish(known);
  reconcile_soon();
}

void Agent::check_later(Known &known, Ticks wait) {
  loop_.cancel(known.check_timer);
  known.check_wait = wait;
  known.check_timer = loop_.at(ticks() + wait, [this, key = known.record.key] { check_now(key); });
}

void Agent::check_now(const Key &key) {
  Known &known = known_.at(key);
  const Record &record = known.record;
  const proto::Spec &spec = record.instance.spec();
  Probe::Target target;
  target.check = spec.health();
  target.address = record.address.empty() ? "127.0.0.1" : record.address;
  target.supervisor = record.pid;
  for (const PortUse &port : record.ports)
    if (target.port == 0 && (target.check.port().empty() || target.check.port() == port.name))
      target.port = port.number;
  std::string nobody;
  if (auto variables = environment(
          record, options_.place.node,
          [&](const proto::Peer &peer) { return peer_address(key.stack, peer); }, nobody))
    target.environment = std::move(*variables);
  known.probe = Probe::start(loop_, target, host_, [this, key](bool passed, std::string why) {
    checked(key, passed, std::move(why));
  });
}

void Agent::checked(const Key &key, bool passed, std::string why) {
  Known &known = known_.at(key);
  Record &record = known.record;
  const proto::Health &check = record.instance.spec().health();
  const Ticks since_start = ticks() - record.started;
  known.health = after_check(check, known.health, passed, since_start);
  known.probe.reset();
  record.reason = passed ? "" : "its health check failed: " + why;
  if (record.healthy != known.health.healthy) {
    record.healthy = known.health.healthy;
    dirty(known);
    reconcile_soon();
  }
  publish(known);
  // While it starts it is asked more often: others wait for it.
  const bool starting =
      !known.health.was_healthy && since_start < static_cast<Ticks>(check.grace_ms());
  check_later(known, starting ? std::min(known.check_wait * 2, every(check)) : every(check));
}

void Agent::sample_later() {
  if (sample_timer_ == 0)
    sample_timer_ = loop_.at(ticks() + sample_every, [this] {
      sample_timer_ = 0;
      sample();
    });
}

void Agent::sample() {
  const Ticks now = ticks();
  bool any = false;
  for (auto &[key, known] : known_) {
    if (!known.pidfd)
      continue;
    any = true;
    take_refusals(known);
    if (known.cpu_seconds && now - known.sampled < sample_at_least)
      continue;
    const sandbox::Usage usage = sandbox::usage(sandbox_id(key), known.record.pid, host_);
    // The first interval begins with the start itself.
    const Ticks since = known.cpu_seconds ? known.sampled : known.record.started;
    if (usage.cpu_seconds && now > since)
      known.cpu_cores = std::max(0.0, *usage.cpu_seconds - known.cpu_seconds.value_or(0)) * 1000 /
                        static_cast<double>(now - since);
    known.cpu_seconds = usage.cpu_seconds;
    known.memory_bytes = usage.memory_bytes;
    known.sampled = now;
  }
  if (any)
    sample_later();
}

} // namespace nemo::agent
