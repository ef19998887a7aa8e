// What the agent says about itself: instances, the whole node, and what changed.
#include "runtime-agent/core/agent.h"

#include <algorithm>

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include "base/clock.h"
#include "base/error.h"

namespace nemo::agent {

namespace {
constexpr Ticks refusals_apart = 10'000; ///< of the same words
constexpr size_t max_refusals = 32;      ///< of different words, of one instance at a time
} // namespace

proto::Running::State Agent::state(const Known &known) const {
  const Record &record = known.record;
  switch (record.phase) {
  case Phase::waiting:
    return proto::Running::PENDING;
  case Phase::launching:
    return proto::Running::STARTING;
  case Phase::given:
    return proto::Running::STOPPING;
  case Phase::arriving:
    return proto::Running::PENDING;
  case Phase::live:
  case Phase::leaving:
    return record.healthy           ? proto::Running::RUNNING
           : known.health.unhealthy ? proto::Running::UNHEALTHY
                                    : proto::Running::STARTING;
  case Phase::stopping:
    return proto::Running::STOPPING;
  case Phase::backoff:
    return wanted(record.key) ? proto::Running::BACKOFF : proto::Running::STOPPED;
  case Phase::exited:
    return wanted(record.key) ? proto::Running::EXITED : proto::Running::STOPPED;
  case Phase::failed:
    return wanted(record.key) ? proto::Running::FAILED : proto::Running::STOPPED;
  }
  return proto::Running::UNKNOWN;
}

proto::Running Agent::running(const Known &known) const {
  const Record &record = known.record;
  proto::Running out;
  out.set_stack(record.key.stack);
  out.set_workload(record.key.workload);
  out.set_replica(record.key.replica);
  out.set_node(options_.place.node);
  out.set_revision(record.key.revision);
  if (const auto identity = identities_.find(replica_of(record.key));
      identity != identities_.end()) {
    out.set_uid(identity->second.uid);
    if (const auto since = minted(identity->second.uid))
      out.set_since(to_rfc3339(UnixNanos{*since}));
  }
  if (const auto part = parts_.find(record.key.stack); part != parts_.end())
    out.set_source(part->second.part.source());
  out.set_state(state(known));
  out.set_healthy((record.phase == Phase::live || record.phase == Phase::leaving) &&
                  record.healthy);
  out.set_restarts(record.restarts);
  if (known.cpu_cores)
    out.set_cpu_cores(*known.cpu_cores);
  if (known.memory_bytes)
    out.set_memory_bytes(*known.memory_bytes);
  out.set_pid(record.pid);
  if (record.exit_code)
    out.set_exit_code(*record.exit_code);
  // Whatever it quotes: nobody could read an answer that is not UTF-8.
  out.set_reason(llvm::json::fixUTF8(record.reason));
  const std::string host = options_.place.address.empty() ? "127.0.0.1" : options_.place.address;
  for (const PortUse &port : record.ports) {
    proto::Address *address = out.add_addresses();
    address->set_port(port.name);
    address->set_address(
        fmt::format("{}:{}", record.address.empty() ? host : record.address, port.number));
  }
  if (record.started_unix_ms != 0)
    out.set_started_at(to_rfc3339(UnixNanos{std::chrono::milliseconds(record.started_unix_ms)}));
  const proto::Instance *instance = desired(record.key);
  out.set_retiring(!instance || instance->retiring());
  out.set_protect(instance && instance->protect());
  uint64_t refusals = 0;
  for (const auto &[what, times] : known.counted)
    refusals += times;
  out.set_refusals(refusals);
  return out;
}

/// Without what changes all the time: that is no news.
proto::Running Agent::running_as_news(const Known &known) const {
  proto::Running out = running(known);
  out.clear_cpu_cores();
  out.clear_memory_bytes();
  out.clear_refusals();
  return out;
}

void Agent::publish(Known &known) {
  proto::Event event;
  *event.mutable_instance() = running_as_news(known);
  std::string said = event.instance().SerializeAsString();
  if (said == known.published)
    return;
  known.published = std::move(said);
  event.set_type("state");
  event.set_message(event.instance().reason());
  events_.add(std::move(event));
  on_news();
}

/// What an earlier agent process has said is no news either.
void Agent::recall_events() {
  events_.keep_in(layout_.events());
  events_.each([this](const proto::Event &event) {
    if (!event.has_instance())
      return;
    const proto::Running &one = event.instance();
    const auto known = known_.find({one.stack(), one.workload(), one.replica(), one.revision()});
    if (known == known_.end())
      return;
    if (event.type() != "refusal")
      known->second.published = one.SerializeAsString();
    else if (one.started_at() == running(known->second).started_at()) // of this very run
      known->second.counted[{event.subject(), event.message()}] += event.count();
  });
}

/// The supervisor counts from the start of its sandbox, also while no agent is there.
void Agent::take_refusals(Known &known) {
  for (const sandbox::Refused &one : sandbox::refused(layout_.exit(known.record.key))) {
    uint64_t &counted = known.counted[{one.subject, one.what}];
    if (one.count > counted)
      refused(known, one.subject, one.what, one.count - counted);
    counted = std::max(counted, one.count);
  }
}

/// The sandbox has held: the workload was not given what it tried to take. A workload may try a
/// million times a second, so the same words are said once, then counted and said every so often.
void Agent::refused(Known &known, std::string subject, std::string text, uint64_t times) {
  const Refusal what(std::move(subject), std::move(text));
  auto [entry, fresh] = known.refusals.try_emplace(what);
  entry->second.times += times;
  if (!fresh)
    return;
  if (known.refusals.size() > max_refusals) { // as many different ones are no news
    known.refusals.erase(entry);
    return;
  }
  say_refusal(known, what);
  say_again_later(known, what);
}

void Agent::say_refusal(Known &known, const Refusal &what) {
  proto::Event event;
  event.set_type("refusal");
  *event.mutable_instance() = running_as_news(known);
  event.set_subject(what.first);
  event.set_message(what.second);
  event.set_count(std::exchange(known.refusals.at(what).times, 0));
  events_.add(std::move(event));
  on_news();
}

void Agent::say_again_later(Known &known, const Refusal &what) {
  known.refusals.at(what).timer =
      loop_.at(ticks() + refusals_apart, [this, key = known.record.key, what] {
        Known &again = known_.at(key); // its timers end with it
        if (again.refusals.at(what).times == 0) {
          again.refusals.erase(what);
          return;
        }
        say_refusal(again, what);
        say_again_later(again, what);
      });
}

/// At the end of a run: the next one's supervisor counts anew.
void Agent::say_all_refusals(Known &known) {
  for (const auto &[what, saying] : known.refusals)
    if (saying.times != 0)
      say_refusal(known, what);
}

void Agent::forget_refusals(Known &known) {
  for (const auto &[what, saying] : known.refusals)
    loop_.cancel(saying.timer);
  known.refusals.clear();
}

void Agent::note(std::string text) {
  if (text == last_note_)
    return;
  llvm::errs() << "nemo-agent: " << text << '\n';
  last_note_ = text;
  proto::Event event;
  event.set_type("note");
  event.set_message(std::move(text));
  events_.add(std::move(event));
  on_news();
}

proto::Fleet Agent::fleet() {
  look_for_sandboxes();
  sample();
  proto::Fleet fleet;
  fleet.set_version(1);
  fleet.set_at(to_rfc3339(now()));
  fleet.set_backend("local");
  fleet.add_sites()->set_name(options_.place.site);
  *fleet.add_nodes() = discover(options_.place, options_.state, host_);
  for (const auto &[key, known] : known_)
    *fleet.add_running() = running(known);
  for (const auto &[stack, stored] : parts_) {
    proto::PartState *part = fleet.add_parts();
    *part->mutable_part() = stored.part;
    part->set_generation(stored.generation);
    part->set_holder(stored.holder);
  }
  return fleet;
}

} // namespace nemo::agent
