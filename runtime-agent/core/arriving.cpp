// A machine that comes from another node as it runs. What is offered is believed only as far as
// this node's desired state asks for it: that very revision, from that very node, now.
#include "runtime-agent/core/agent.h"

#include <csignal>
#include <filesystem>
#include <unistd.h>

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include "base/error.h"
#include "runtime-agent/core/started.h"

namespace nemo::agent {

namespace {

constexpr Ticks first_check = 100;

/// It names files and control groups.
bool is_uid(llvm::StringRef text) {
  return minted(text) && llvm::all_of(text, [](char c) {
           return c == '-' || llvm::isDigit(c) || (c >= 'a' && c <= 'f');
         });
}

bool is_move(llvm::StringRef id) {
  return id.size() == 32 && llvm::all_of(id, [](char c) { return llvm::isHexDigit(c); });
}

/// As declared, by name; a fixed number is the same everywhere.
bool fits(const proto::MoveOffer &offer, const proto::Spec &spec) {
  if (offer.ports_size() != spec.ports_size())
    return false;
  for (int i = 0; i < offer.ports_size(); ++i) {
    const proto::MoveOffer::Port &port = offer.ports(i);
    const bool declared = llvm::any_of(spec.ports(), [&](const proto::Port &one) {
      return one.name() == port.name() && (one.number() == 0 || one.number() == port.number());
    });
    const bool twice =
        llvm::any_of(llvm::make_range(offer.ports().begin(), offer.ports().begin() + i),
                     [&](const auto &one) { return one.name() == port.name(); });
    if (!declared || twice || port.number() == 0 || port.number() > 65535)
      return false;
  }
  return true;
}

} // namespace

/// \returns why not; empty: it may come.
std::string Agent::refuses(const std::string &node, const proto::MoveOffer &offer, bool &never) {
  const Key key{offer.stack(), offer.workload(), offer.replica(), offer.revision()};
  never = true;
  if (!is_move(offer.id()) || !is_uid(offer.uid()) || offer.slot() >= sandbox::kUserSlots - 1)
    return "the offer is not one of an agent";
  never = false;
  const proto::Instance *instance = desired(key);
  if (!instance || instance->retiring() || instance->moves_from() != node)
    return fmt::format("{} is not to come here from {}, as far as this node has been told",
                       key.name(), node);
  const std::vector<Item> all = items();
  const auto item = llvm::find_if(all, [&](const Item &one) { return one.key == key; });
  if (item == all.end() || item->phase != Phase::waiting)
    return fmt::format("{} is here in some way already", key.name());
  if (!item->held_back.empty())
    return item->held_back;
  for (const proto::Gate &gate : instance->start_after()) {
    const bool itself = gate.workload() == key.workload && gate.replica() == key.replica &&
                        gate.node() == node && gate.kind() == proto::Gate::STOPPED;
    const bool here = gate.node().empty() || gate.node() == options_.place.node;
    if (!itself &&
        !(here ? holds(gate, key.stack, all) : holds_elsewhere(gate, key.stack, others_)))
      return fmt::format("{} waits here for {}/{}", key.name(), gate.workload(), gate.replica());
  }
  never = true;
  if (!is_machine(instance->spec()))
    return "it is no machine";
  if (!fits(offer, instance->spec()))
    return "its ports are not those that are declared";
  if (offer.platform() != platform())
    return fmt::format("its processors are '{}' and those here '{}'",
                       llvm::StringRef(offer.platform()).take_front(120).str(), platform());
  for (const auto &[replica, identity] : identities_)
    if (replica != replica_of(key) &&
        (identity.slot == offer.slot() || identity.uid == offer.uid()))
      return "its address is somebody else's here";
  for (const auto &[other, known] : known_)
    if (other != key && replica_of(other) == replica_of(key))
      return "another revision of it is here";
  never = false;
  return {};
}

Reception Agent::receive(const std::string &node, const proto::MoveOffer &offer) {
  Reception reception;
  reception.why = refuses(node, offer, reception.never);
  if (!reception.why.empty())
    return reception;
  const Key key{offer.stack(), offer.workload(), offer.replica(), offer.revision()};
  Known &known = known_.at(key);
  reception.why = launch_to_take_in(known, node, offer);
  if (reception.why.empty())
    reception.control = layout_.control(sandbox_id(key));
  publish(known);
  reconcile_soon();
  return reception;
}

/// \returns why not.
std::string Agent::launch_to_take_in(Known &known, const std::string &node,
                                     const proto::MoveOffer &offer) {
  Record &record = known.record;
  const Identity before = identities_.at(replica_of(record.key));
  identities_[replica_of(record.key)] = {offer.uid(), offer.slot()};
  const auto give_up = [&](std::string why) {
    identities_[replica_of(record.key)] = before;
    record.phase = Phase::waiting;
    record.move.reset();
    record.until.reset();
    dirty(known);
    return why;
  };
  record.ports.clear();
  for (const proto::MoveOffer::Port &port : offer.ports())
    record.ports.push_back({port.name(), static_cast<uint16_t>(port.number())});
  std::optional<sandbox::Sandbox> sandbox;
  if (!prepare(known, sandbox))
    return give_up(record.reason);
  auto *machine = std::get_if<sandbox::Machine>(&*sandbox);
  if (!machine)
    return give_up("it is no machine");
  machine->incoming = true;
  record.phase = Phase::arriving;
  record.move = Move{offer.id(), node};
  // As long as it is not this node's its gates hold it back from a start of its own.
  record.admitted = record.killed = record.healthy = false;
  record.boot = boot_;
  record.until.reset();
  record.reason = "takes its memory over from " + node;
  dirty(known);
  dirty_identities_.insert(replica_of(record.key));
  if (!flush())
    return give_up("the journal cannot be written");
  ::unlink(sandbox::common(*sandbox).exit_path.c_str());
  auto started = sandbox::start(*sandbox, host_, [&](const sandbox::Started &one) {
    return write_started(started_path(record.key), boot_, record.key, one);
  });
  if (!started)
    return give_up(llvm::toString(started.takeError()));
  known.coming = offer;
  begin_run(known, *started);
  return {};
}

/// The last look at what is desired, and the journal: from here on it is nobody else's.
llvm::Error Agent::take(const std::string &move) {
  Known *known = moving(move);
  if (!known || known->record.phase != Phase::arriving)
    return failure("it does not come any more");
  Record &record = known->record;
  const proto::Instance *instance = desired(record.key);
  if (!instance || instance->retiring() || instance->moves_from() != record.move->node)
    return failure("it is not to come here any more");
  const Record before = record;
  record.phase = Phase::live;
  record.admitted = true;
  record.healthy = known->coming.healthy();
  record.restarts = known->coming.restarts();
  record.started_unix_ms = known->coming.started_unix_ms();
  record.reason.clear();
  dirty(*known);
  auto error = journal_->write([&](Journal::Batch &batch) {
    batch.put(record);
    batch.put_taken(*record.move);
  });
  if (error)
    record = before;
  return error;
}

void Agent::arrived(const std::string &move, Arrival how, const std::string &why) {
  Known *known = moving(move);
  if (!known)
    return;
  const std::string node = known->record.move->node;
  switch (how) {
  case Arrival::runs:
    known->record.move.reset();
    dirty(*known);
    known->health.healthy = known->health.was_healthy = known->record.healthy;
    if (known->record.instance.spec().health().kind() != proto::Health::NONE)
      check_later(*known, first_check);
    tell_moved(*known, fmt::format("moved live from {} to {}", node, options_.place.node));
    publish(*known);
    return reconcile_soon();
  case Arrival::lost:
    tell_moved(*known, fmt::format("came from {} and has ended before it ran: {}; what its memory "
                                   "held is lost",
                                   node, why));
    break;
  case Arrival::dropped:
    known->record.reason = fmt::format("did not come from {}: {}", node, why);
    break;
  }
  llvm::consumeError(sandbox::signal(known->pidfd.get(), SIGKILL));
}

} // namespace nemo::agent
