// A machine that moves to another node as it runs, seen from where it is. The desired states of
// both nodes say so; when its turn has come the memory is copied, and once the journal has it
// written down the machine is the other node's. It runs here again only when that has said that it
// does not run there and never will; until then it stands still and the other one is asked.
#include "runtime-agent/core/agent.h"

#include <array>
#include <csignal>
#include <sys/random.h>

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include "base/error.h"

namespace nemo::agent {

namespace {

constexpr Ticks try_again = 500, ask_again = 1'000;

std::string new_move() {
  std::array<uint8_t, 16> bytes{};
  while (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    continue;
  return llvm::toHex(bytes, /*LowerCase=*/true);
}

/// Under KVM guests see the host's processor.
std::string processor() {
  auto text = llvm::MemoryBuffer::getFileAsStream("/proc/cpuinfo");
  const llvm::StringRef all = text ? (*text)->getBuffer() : "";
  return all.split("model name").second.split('\n').first.ltrim("\t :").take_front(100).str();
}

} // namespace

std::string Agent::platform() {
  look_for_sandboxes();
  return host_.accelerator == "kvm" ? "kvm on " + processor() : host_.accelerator;
}

Agent::Known *Agent::moving(const std::string &move) {
  for (auto &[key, known] : known_)
    if (known.record.move && known.record.move->id == move)
      return &known;
  return nullptr;
}

void Agent::use(Mover mover) {
  mover_ = std::move(mover);
  for (auto &[key, known] : known_)
    if (known.record.move && known.record.phase == Phase::given)
      ask(known);
    else if (known.record.move && known.record.phase != Phase::arriving)
      mover_->resume(known.record.move->id, layout_.control(sandbox_id(key)));
  reconcile_soon();
}

proto::MoveOffer Agent::offer_of(const Known &known) const {
  const Record &record = known.record;
  const Identity &identity = identities_.at(replica_of(record.key));
  proto::MoveOffer offer;
  offer.set_id(record.move->id);
  offer.set_stack(record.key.stack);
  offer.set_workload(record.key.workload);
  offer.set_replica(record.key.replica);
  offer.set_revision(record.key.revision);
  offer.set_uid(identity.uid);
  offer.set_slot(identity.slot);
  for (const PortUse &port : record.ports) {
    proto::MoveOffer::Port &one = *offer.add_ports();
    one.set_name(port.name);
    one.set_number(port.number);
  }
  offer.set_started_unix_ms(record.started_unix_ms);
  offer.set_restarts(record.restarts);
  offer.set_healthy(record.healthy);
  return offer;
}

/// Written down before anything happens: an agent that starts again lets it go on.
void Agent::leave(Known &known, const std::string &node) {
  Record &record = known.record;
  record.phase = Phase::leaving;
  record.move = Move{new_move(), node};
  dirty(known);
  if (!flush()) {
    record.phase = Phase::live;
    record.move.reset();
    known.move_at = ticks() + try_again;
    return;
  }
  proto::MoveOffer offer = offer_of(known);
  offer.set_platform(platform());
  mover_->leave({node, layout_.control(sandbox_id(record.key)), std::move(offer)});
}

void Agent::call_off(Known &known, const std::string &why) {
  if (mover_)
    mover_->call_off(known.record.move->id, why);
}

llvm::Error Agent::give_away(const std::string &move) {
  Known *known = moving(move);
  if (!known || known->record.phase != Phase::leaving)
    return failure("it does not move any more");
  Record &record = known->record;
  const proto::Instance *instance = desired(record.key);
  if (!instance || !instance->retiring() || instance->moves_to() != record.move->node)
    return failure("it is not to move there any more");
  record.phase = Phase::given;
  record.reason = fmt::format("was given to {}", record.move->node);
  dirty(*known);
  if (flush()) {
    known->probe.reset(); // it stands still
    loop_.cancel(known->check_timer);
    publish(*known);
    return llvm::Error::success();
  }
  record.phase = Phase::leaving;
  return failure("the journal cannot be written");
}

void Agent::left(const std::string &move, Left outcome) {
  Known *known = moving(move);
  if (!known || (known->record.phase != Phase::leaving && known->record.phase != Phase::given))
    return;
  switch (outcome.how) {
  case Left::How::gone: {
    Record &record = known->record;
    const double still = std::chrono::duration<double, std::milli>(outcome.stood_still).count();
    tell_moved(*known,
               fmt::format("moved live from {} to {}: stood still for {:.0f} ms, {} KiB "
                           "went over",
                           options_.place.node, record.move->node, still, outcome.bytes >> 10));
    record.phase = Phase::stopping;
    record.until.reset();
    record.reason.clear();
    dirty(*known);
    llvm::consumeError(sandbox::signal(known->pidfd.get(), SIGKILL));
    return reconcile_soon();
  }
  case Left::How::kept:
    return stays(*known, outcome);
  case Left::How::unknown:
    known->record.reason =
        fmt::format("stands still: it was given to {}, and nobody has heard whether it runs there "
                    "({}); that is asked again and again",
                    known->record.move->node, outcome.why);
    dirty(*known);
    publish(*known);
    return ask_later(*known);
  }
}

/// It runs here. What the other node was not ready for is tried again; what fails on the way, a few
/// times.
void Agent::stays(Known &known, const Left &outcome) {
  Record &record = known.record;
  const std::string node = record.move->node;
  known.move_failures = outcome.never ? most_moves : known.move_failures + outcome.began;
  known.move_at = ticks() + try_again;
  record.phase = Phase::live;
  record.move.reset();
  record.reason = fmt::format("does not move to {} yet: {}", node, outcome.why);
  dirty(known);
  if (record.instance.spec().health().kind() != proto::Health::NONE)
    check_later(known, try_again);
  if (known.move_failures >= most_moves)
    tell_moved(known, fmt::format("could not move live from {} to {}: {}. It is stopped here and "
                                  "begins anew there; what its memory held is lost",
                                  options_.place.node, node, outcome.why));
  else if (outcome.began)
    tell_moved(known, fmt::format("did not move live from {} to {}, and runs on: {}",
                                  options_.place.node, node, outcome.why));
  publish(known);
  reconcile_soon();
}

void Agent::tell_moved(Known &known, std::string text) {
  proto::Event event;
  event.set_type("moved");
  *event.mutable_instance() = running_as_news(known);
  event.set_message(std::move(text));
  events_.add(std::move(event));
  on_news();
}

void Agent::ask(Known &known) {
  proto::MoveOffer offer = offer_of(known);
  offer.set_ask(true);
  if (mover_)
    mover_->ask({known.record.move->node, {}, std::move(offer)});
}

void Agent::ask_later(Known &known) {
  loop_.cancel(known.move_timer);
  known.move_timer = loop_.at(ticks() + ask_again, [this, move = known.record.move->id] {
    if (Known *still = moving(move); still && still->record.phase == Phase::given)
      ask(*still);
  });
}

void Agent::told(const std::string &move, std::optional<bool> runs) {
  Known *known = moving(move);
  if (!known || known->record.phase != Phase::given)
    return;
  if (!runs)
    return ask_later(*known);
  if (*runs)
    return left(move, {.how = Left::How::gone});
  // As of now it is this node's again, also for an agent that starts.
  known->record.phase = Phase::leaving;
  dirty(*known);
  if (!flush()) {
    known->record.phase = Phase::given;
    return ask_later(*known);
  }
  mover_->resume(move, layout_.control(sandbox_id(known->record.key)));
}

void Agent::resumed(const std::string &move, llvm::Error problem) {
  Known *known = moving(move);
  const std::string why = llvm::toString(std::move(problem));
  if (!known)
    return;
  Record &record = known->record;
  if (record.phase == Phase::leaving)
    return stays(*known, {.why = why.empty() ? "it was interrupted" : why, .began = true});
  if (why.empty()) {
    record.move.reset();
    dirty(*known);
    return reconcile_soon();
  }
  // Its machine does not go on here, and is nobody else's: it begins anew.
  tell_moved(*known, fmt::format("came from {} and does not run: {}; what its memory held is lost",
                                 record.move->node, why));
  llvm::consumeError(sandbox::signal(known->pidfd.get(), SIGKILL));
}

} // namespace nemo::agent
