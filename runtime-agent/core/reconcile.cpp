// Carries out what decide() says. What is about to happen is in the journal before it happens: a
// start that the agent does not live to see the end of is found again by recover().
#include "runtime-agent/core/agent.h"

#include <csignal>
#include <filesystem>
#include <unistd.h>

#include "llvm/ADT/Hashing.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include "base/clock.h"
#include "base/error.h"
#include "runtime-agent/core/check.h"
#include "runtime-agent/core/ports.h"
#include "runtime-agent/core/rest.h"
#include "runtime-agent/core/started.h"

namespace nemo::agent {

namespace fs = std::filesystem;

namespace {
constexpr int max_rounds = 64;
constexpr Ticks journal_retry = 1000;
constexpr Ticks rest_after = 1000;
constexpr uint32_t own_slots = sandbox::kUserSlots - 1; ///< the last one is for trials
constexpr size_t old_logs = 2; ///< revisions of a replica whose logs are kept after they are gone
} // namespace

void Agent::reconcile_soon() {
  if (soon_ != 0)
    return;
  soon_ = loop_.at(0, [this] {
    soon_ = 0;
    reconcile();
  });
}

const proto::Instance *Agent::desired(const Key &key) const {
  const auto part = parts_.find(key.stack);
  if (part == parts_.end())
    return nullptr;
  for (const proto::Instance &instance : part->second.part.instances())
    if (instance.workload() == key.workload && instance.replica() == key.replica &&
        instance.revision() == key.revision)
      return &instance;
  return nullptr;
}

bool Agent::wanted(const Key &key) const {
  const proto::Instance *instance = desired(key);
  return instance && !instance->retiring();
}

std::string Agent::sandbox_id(const Key &key) const {
  const auto identity = identities_.find(replica_of(key));
  return layout_.sandbox_id(identity == identities_.end() ? "" : identity->second.uid,
                            key.revision);
}

Agent::Known &Agent::know(const Key &key, const proto::Instance &instance) {
  auto [entry, fresh] = known_.try_emplace(key);
  Known &known = entry->second;
  if (!fresh)
    return known;
  known.record.key = key;
  known.record.instance = instance;
  known.record.boot = boot_;
  dirty(known);
  dropped_.erase(key);
  const ReplicaKey replica = replica_of(key);
  if (!identities_.count(replica)) {
    std::set<uint32_t> slots;
    for (const auto &[other, identity] : identities_)
      slots.insert(identity.slot);
    // Of all slots, so that one that comes from another node finds its own free here.
    std::string uid = new_uid();
    uint32_t slot = static_cast<uint32_t>(llvm::xxHash64(uid) % own_slots);
    while (slots.count(slot))
      slot = (slot + 1) % own_slots;
    identities_[replica] = {std::move(uid), slot};
    dirty_identities_.insert(replica);
  }
  return known;
}

std::vector<Item> Agent::items() {
  std::map<Key, const proto::Instance *> all;
  for (const auto &[key, known] : known_)
    all[key] = nullptr;
  for (const auto &[stack, stored] : parts_)
    for (const proto::Instance &instance : stored.part.instances()) {
      const Key key{stack, instance.workload(), instance.replica(), instance.revision()};
      if (!instance.retiring())
        know(key, instance);
      if (known_.count(key))
        all[key] = &instance;
    }
  std::vector<Item> items;
  for (const auto &[key, instance] : all) {
    const Record &record = known_.at(key).record;
    Item &item = items.emplace_back(Item{
        key, instance, record.phase, record.healthy, record.exit_code == 0, record.admitted,
        record.killed, record.until, std::nullopt, record.started_unix_ms != 0, std::nullopt,
        record.move ? record.move->node : std::string(), no_lease(instance), held_back(key.stack)});
    if (mover_ && !record.move && known_.at(key).move_failures < most_moves &&
        is_machine(record.instance.spec()))
      item.move_at = known_.at(key).move_at;
    if (instance && !instance->start_at().empty() && !record.admitted)
      if (const auto start = from_rfc3339(instance->start_at()))
        item.not_before =
            ticks() + std::chrono::ceil<std::chrono::milliseconds>(*start - now()).count();
  }
  return items;
}

void Agent::reconcile() {
  Decision decision;
  // Each round can start what the round before has made possible. A start that fails waits, so the
  // rounds come to an end.
  for (int round = 0; round < max_rounds; ++round) {
    decision = decide(items(), ticks(), options_.place.node, others_);
    if (!carry_out(decision))
      break;
  }
  for (const auto &[stack, stored] : parts_)
    if (stored.part.instances().empty() &&
        llvm::none_of(known_, [&](const auto &entry) { return entry.first.stack == stack; }))
      finished_parts_.insert(stack);
  for (const std::string &stack : finished_parts_)
    parts_.erase(stack);
  let_run_freely();
  for (auto &[key, known] : known_)
    publish(known);
  loop_.cancel(wake_);
  if (decision.wake)
    wake_ = loop_.at(*decision.wake, [this] { reconcile(); });
  on_news();
  flush_soon();
  loop_.cancel(rest_timer_);
  rest_timer_ = loop_.at(ticks() + rest_after, [] { give_back_memory(); });
}

bool Agent::carry_out(const Decision &decision) {
  bool changed = false;
  std::vector<Key> starts;
  for (const Step &step : decision.steps) {
    Known &known = known_.at(step.key);
    switch (step.kind) {
    case Step::start:
      starts.push_back(step.key);
      break;
    case Step::stop:
      stop(known, step.reason);
      changed = true;
      break;
    case Step::kill:
      known.record.killed = true;
      known.record.reason = step.reason;
      dirty(known);
      if (auto error = sandbox::signal(known.pidfd.get(), SIGKILL))
        llvm::consumeError(std::move(error)); // it has just ended by itself: its pidfd says so
      changed = true;
      break;
    case Step::forget:
      forget(step.key);
      changed = true;
      break;
    case Step::move:
      leave(known, step.reason);
      changed = true;
      break;
    case Step::call_off:
      call_off(known, step.reason);
      break;
    case Step::hold:
      known.record.reason = step.reason;
      break;
    }
  }
  if (!starts.empty()) {
    start(starts);
    // What still waits (for a peer's address, for the disk) does so until something else happens.
    changed |= llvm::any_of(
        starts, [&](const Key &key) { return known_.at(key).record.phase != Phase::waiting; });
  }
  return changed;
}

void Agent::stop(Known &known, const std::string &reason) {
  Record &record = known.record;
  const proto::Spec &spec = record.instance.spec();
  const int number = spec.stop_signal().empty() ? SIGTERM : signal_number(spec.stop_signal());
  record.phase = Phase::stopping;
  record.until = ticks() + static_cast<Ticks>(spec.stop_grace_ms());
  record.killed = false;
  record.reason = reason;
  dirty(known);
  known.probe.reset();
  loop_.cancel(known.check_timer);
  if (auto error = sandbox::signal(known.pidfd.get(), number))
    llvm::consumeError(std::move(error)); // it has just ended by itself: its pidfd says so
}

void Agent::fail(Known &known, std::string reason) {
  Record &record = known.record;
  const Next next = after_failure(record.instance.spec().restart(), std::move(reason),
                                  record.streak, ticks(), jitter());
  record.phase = next.phase;
  record.until = next.until;
  record.streak = next.streak;
  record.reason = next.reason;
  record.pid = 0;
  record.healthy = false;
  dirty(known);
}

void Agent::learn(const std::string &node, std::optional<std::vector<proto::Running>> running) {
  if (running)
    others_[node] = std::move(*running);
  else
    others_.erase(node);
  reconcile_soon();
}

std::optional<std::string> Agent::peer_address(const std::string &stack,
                                               const proto::Peer &peer) const {
  if (!peer.node().empty() && peer.node() != options_.place.node)
    return address_elsewhere(peer, stack, others_);
  for (const auto &[key, known] : known_) {
    if (key.stack != stack || key.workload != peer.workload() || key.replica != peer.replica())
      continue;
    if (peer.revision().empty() ? !wanted(key) : key.revision != peer.revision())
      continue;
    const Record &record = known.record;
    if (record.instance.spec().network() == "own" && record.address.empty())
      return std::nullopt;
    const std::string address = record.address.empty() ? "127.0.0.1" : record.address;
    for (const PortUse &port : record.ports)
      if (peer.port().empty() || port.name == peer.port())
        return fmt::format("{}:{}", address, port.number);
  }
  return std::nullopt;
}

/// Gives it its ports and looks whether they are free. \returns false when it cannot go on now.
bool Agent::settle_ports(Known &known) {
  Record &record = known.record;
  const bool own = record.instance.spec().network() == "own";
  std::set<uint16_t> taken;
  for (const auto &[key, other] : known_)
    if (key != record.key && other.record.instance.spec().network() != "own")
      for (const PortUse &port : other.record.ports)
        taken.insert(port.number);
  auto is_free = [&](uint16_t port) { return own || port_is_free(port); };
  // A picked port that another program has taken before anybody was told of it is picked again.
  const bool told = record.started_unix_ms != 0;
  if (!told)
    llvm::erase_if(record.ports, [&](const PortUse &port) { return !is_free(port.number); });
  auto ports =
      assign_ports(record.instance.spec(), record.ports, taken,
                   static_cast<uint32_t>(llvm::hash_value(layout_.instance(record.key))), is_free);
  if (!ports) {
    fail(known, llvm::toString(ports.takeError()));
    return false;
  }
  record.ports = std::move(*ports);
  for (const PortUse &port : record.ports)
    if (!is_free(port.number)) {
      fail(known, fmt::format("port {} is in use by another program", port.number));
      return false;
    }
  return true;
}

void Agent::start(const std::vector<Key> &keys) {
  // Ports first, for all: a peer's address is known as soon as its port is.
  std::vector<std::pair<Key, sandbox::Sandbox>> ready;
  std::vector<Key> able;
  for (const Key &key : keys)
    if (settle_ports(known_.at(key)))
      able.push_back(key);
  for (const Key &key : able) {
    Known &known = known_.at(key);
    const bool again = known.record.phase == Phase::backoff;
    std::optional<sandbox::Sandbox> sandbox;
    if (!prepare(known, sandbox))
      continue;
    Record &record = known.record;
    record.restarts += again;
    record.phase = Phase::launching;
    record.admitted = true;
    record.killed = record.healthy = false;
    record.boot = boot_;
    record.until.reset();
    record.reason.clear();
    dirty(known);
    ready.emplace_back(key, std::move(*sandbox));
  }
  if (ready.empty())
    return;
  if (!flush()) {
    for (const auto &[key, sandbox] : ready) {
      Record &record = known_.at(key).record;
      record.phase = Phase::waiting;
      record.reason = "waits until the agent's journal can be written";
      record.until.reset();
    }
    return;
  }
  for (const auto &[key, sandbox] : ready) {
    Known &known = known_.at(key);
    Record &record = known.record;
    ::unlink(sandbox::common(sandbox).exit_path.c_str()); // of the run before
    auto started = sandbox::start(sandbox, host_, [&](const sandbox::Started &one) {
      return write_started(started_path(key), boot_, key, one);
    });
    if (!started) {
      fail(known, llvm::toString(started.takeError()));
      continue;
    }
    record.phase = Phase::live;
    record.healthy = record.instance.spec().health().kind() == proto::Health::NONE;
    record.started_unix_ms = now().time_since_epoch().count() / 1'000'000;
    begin_run(known, *started);
  }
}

void Agent::begin_run(Known &known, const sandbox::Started &started) {
  Record &record = known.record;
  record.pid = started.pid;
  record.start_time = started.start_time;
  record.address = started.address.value_or("");
  record.started = ticks();
  record.exit_code.reset();
  known.pidfd = Fd(started.pidfd);
  known.health = {};
  known.counted.clear(); // its supervisor counts from here
  known.cpu_seconds = known.cpu_cores = std::nullopt;
  known.memory_bytes.reset();
  dirty(known);
  begin_monitoring(known);
}

void Agent::forget(const Key &key) {
  Known &known = known_.at(key);
  publish(known);
  say_all_refusals(known);
  forget_refusals(known);
  end_monitoring(known);
  clean(sandbox_id(key));
  ::unlink(started_path(key).c_str());
  known_.erase(key);
  dirty_.erase(key);
  dropped_.insert(key);
  // Its last words stay readable while the replica lives on in another revision.
  std::error_code ignored;
  const std::string directory = layout_.replica(key);
  const bool goes_on = llvm::any_of(
      known_, [&](const auto &entry) { return replica_of(entry.first) == replica_of(key); });
  if (!goes_on) {
    fs::remove_all(directory, ignored);
    if (!fs::exists(layout_.volumes_of(key), ignored)) {
      identities_.erase(replica_of(key));
      dirty_identities_.insert(replica_of(key));
    }
    return;
  }
  std::vector<std::pair<fs::file_time_type, fs::path>> old;
  for (const auto &entry : fs::directory_iterator(directory, ignored))
    if (!known_.count({key.stack, key.workload, key.replica, entry.path().filename()}))
      old.emplace_back(entry.last_write_time(ignored), entry.path());
  llvm::sort(old);
  for (size_t i = 0; i + old_logs < old.size(); ++i)
    fs::remove_all(old[i].second, ignored);
}

/// Once those who ask have been answered. What is lost with the agent before that, the next one
/// finds out again: a start is in the journal before it happens.
void Agent::flush_soon() {
  loop_.cancel(flush_timer_);
  flush_timer_ = loop_.at(0, [this] {
    if (!flush()) // what waits for the journal is tried again, too
      flush_timer_ = loop_.at(ticks() + journal_retry, [this] { reconcile(); });
  });
}

bool Agent::flush() {
  if (dirty_.empty() && dropped_.empty() && dirty_identities_.empty() && finished_parts_.empty())
    return true;
  auto error = journal_->write([&](Journal::Batch &batch) {
    for (const ReplicaKey &replica : dirty_identities_)
      if (const auto found = identities_.find(replica); found != identities_.end())
        batch.put(replica, found->second);
      else
        batch.drop(replica);
    for (const Key &key : dropped_)
      batch.drop(key);
    for (const Key &key : dirty_)
      batch.put(known_.at(key).record);
    for (const std::string &stack : finished_parts_)
      if (!parts_.count(stack))
        batch.drop_part(stack);
  });
  if (error) {
    note(llvm::toString(std::move(error)));
    return false;
  }
  dirty_identities_.clear();
  dropped_.clear();
  dirty_.clear();
  finished_parts_.clear();
  return true;
}

} // namespace nemo::agent
