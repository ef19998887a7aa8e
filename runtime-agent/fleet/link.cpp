#include "runtime-agent/fleet/link.h"

#include <filesystem>
#include <fstream>

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include "base/error.h"
#include "base/membership.h"
#include "protocol/link/subjects.h"
#include "protocol/trust/key_file.h"

namespace nemo::agent::fleet {

namespace {

using namespace std::chrono_literals;

constexpr Ticks soon = 20; ///< for what changes together to be told together
constexpr Ticks unacknowledged = 5'000;
constexpr int events_at_once = 500;
constexpr size_t event_bytes = 256u << 10;
constexpr auto key_holds = 7 * 24h;
constexpr auto key_again = 6 * 24h; ///< a key is announced anew with so much left
constexpr auto events_hold = 1h;
constexpr auto beat_holds = 10s;

llvm::Expected<trust::SealingKey> own_sealing_key(const std::string &path) {
  std::error_code unknown;
  if (std::filesystem::exists(path, unknown))
    return trust::SealingKey::load(path);
  auto key = trust::SealingKey::generate();
  if (!key)
    return key.takeError();
  if (auto error = key->save(path))
    return error;
  return key;
}

std::string boot_id() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string text;
  std::getline(in, text);
  return text;
}

} // namespace

llvm::Expected<std::unique_ptr<Link>> Link::open(Loop &loop, const std::string &directory,
                                                 const std::string &node, Handler handler) {
  auto member = link::load_membership(directory, now());
  if (!member)
    return member.takeError();
  if (member->id.role != trust::Role::node || member->id.name != node)
    return failure("{} is the membership of {}, and this agent serves the node '{}'. Start it with "
                   "--node {}, or join the fleet under that name.",
                   directory, member->id.text(), node, member->id.name);
  std::unique_ptr<Link> made(new Link(loop, std::move(*member), std::move(handler)));
  if (auto error = made->start())
    return error;
  return made;
}

llvm::Error Link::start() {
  auto path = [this](llvm::StringRef name) { return member_.directory + "/" + name.str(); };
  auto key = own_sealing_key(path(membership::sealing_key));
  if (!key)
    return key.takeError();
  sealing_key_ = std::move(*key);
  auto memory = Memory::open(path(membership::memory));
  if (!memory)
    return memory.takeError();
  memory_ = std::move(*memory);
  desired_ = std::make_unique<Desired>(member_, *sealing_key_, *memory_, handler_);
  questions_ = std::make_unique<Questions>(
      member_, handler_, [this](const std::string &subject, const std::string &bytes) {
        carrier_->publish(subject, bytes);
      });
  if (auto error = desired_->finish())
    return error;
  proto::BackendRequest watch;
  watch.set_version(1);
  watch.mutable_watch()->set_after(memory_->last_event());
  Answer events = handler_(watch);
  if (auto *stream = std::get_if<Stream>(&events))
    events_ = std::move(*stream);
  take_events();

  const std::string inbox = link::inbox(member_.id) + ".";
  acks_ = inbox + llvm::toHex(trust::random_bytes(12), /*LowerCase=*/true);
  gets_ = inbox + llvm::toHex(trust::random_bytes(12), /*LowerCase=*/true);
  const std::string &node = member_.id.name;
  auto carrier = Carrier::start(
      loop_, member_,
      {link::desired(node), link::revocations.str(), link::ask(node), acks_ + ".*", gets_},
      {[this](const link::Message &message) { take(message); }, [this](bool up) { link_is(up); },
       [this](const std::string &text) { note(text); }});
  if (!carrier)
    return carrier.takeError();
  carrier_ = std::move(*carrier);
  report();
  beat();
  return llvm::Error::success();
}

Link::~Link() {
  carrier_.reset();
  for (const Loop::TimerId timer :
       {report_timer_, soon_timer_, beat_timer_, event_timer_, pump_timer_})
    loop_.cancel(timer);
}

void Link::later(Loop::TimerId &timer, Ticks wait, void (Link::*what)()) {
  loop_.cancel(timer);
  timer = loop_.at(ticks() + wait, [this, &timer, what] {
    timer = 0;
    (this->*what)();
  });
}

void Link::note(const std::string &text) {
  if (text != last_note_)
    llvm::errs() << "nemo-agent: fleet " << member_.id.fleet << ": " << text << '\n';
  last_note_ = text;
}

void Link::failed(llvm::StringRef doing, llvm::Error error) {
  note(doing.str() + ": " + llvm::toString(std::move(error)));
}

void Link::take(const link::Message &message) {
  const llvm::StringRef subject = message.subject;
  if (subject == link::desired(member_.id.name)) {
    if (!message.status.empty() || !message.operation.empty())
      return; // there is none: what was accepted before stays
    auto news = desired_->take(message.data, now());
    if (!news)
      failed("desired state", news.takeError());
    else if (*news)
      report();
  } else if (subject == link::revocations) {
    if (message.status.empty() && message.operation.empty())
      take_revocations(message.data);
  } else if (subject == link::ask(member_.id.name)) {
    if (auto error = questions_->take(message.data, message.reply, now()))
      failed("a question", std::move(error));
    pump();
  } else if (subject.startswith(acks_)) {
    take_ack(message);
  }
}

void Link::link_is(bool up) {
  up_ = up;
  note(up ? "connected" : "the broker is out of reach; what runs here goes on");
  if (!up)
    return;
  in_flight_ = 0;
  fetch();
  report();
  send_events();
}

/// What was said while nobody listened. The answers come as if they had been said now.
void Link::fetch() {
  for (const std::string &subject : {link::revocations.str(), link::desired(member_.id.name)})
    carrier_->publish(link::direct_get(subject), "", gets_);
}

void Link::take_revocations(llvm::StringRef bytes) {
  if (bytes == member_.revocations.signed_bytes())
    return;
  auto next = member_.revocations.next(bytes, member_.bundle, now());
  if (!next)
    return failed("revocations", next.takeError());
  const std::string path = member_.directory + "/" + membership::revocations.str();
  const std::string fresh = path + ".new";
  std::error_code error;
  std::filesystem::remove(fresh, error);
  if (auto failure = trust::write_secret(fresh, bytes))
    return failed("revocations", std::move(failure));
  std::filesystem::rename(fresh, path, error);
  member_.revocations = std::move(*next);
}

void Link::take_ack(const link::Message &message) {
  uint64_t last = 0;
  if (llvm::StringRef(message.subject).drop_front(acks_.size() + 1).getAsInteger(10, last) ||
      last == 0 || last != in_flight_)
    return;
  auto stored = link::read_ack(message);
  if (!stored)
    return failed("events", stored.takeError()); // the timer sends them again
  in_flight_ = 0;
  if (auto error = memory_->drop_events(last))
    return failed("events", std::move(error));
  send_events();
}

llvm::Expected<std::string> Link::sign(proto::Statement statement,
                                       std::chrono::milliseconds holds) {
  const UnixNanos time = now();
  // By the clock, so that numbers grow over restarts without being written anywhere.
  last_generation_ = std::max(last_generation_ + 1, static_cast<uint64_t>(trust::to_unix_ms(time)));
  statement.set_node(member_.id.name);
  statement.set_generation(last_generation_);
  statement.set_issued_unix_ms(trust::to_unix_ms(time));
  statement.set_expires_unix_ms(trust::to_unix_ms(time + holds));
  return trust::sign(std::move(statement), member_.signer());
}

llvm::Expected<std::string> Link::sealing_key() {
  if (announced_.empty() || now() + key_again > announced_until_) {
    proto::Statement statement;
    statement.mutable_sealing_key()->set_public_key(sealing_key_->public_key());
    auto bytes = sign(std::move(statement), key_holds);
    if (!bytes)
      return bytes.takeError();
    announced_ = std::move(*bytes);
    announced_until_ = now() + key_holds;
  }
  return announced_;
}

/// Now and then everything is looked at again: a message may have been lost or held back.
void Link::refresh() {
  if (const trust::Revocations &held = member_.revocations;
      held.number() != 0 && held.due() < now())
    note("the list of what is no longer trusted is overdue since " + to_rfc3339(held.due()) +
         ": somebody may be withholding it");
  if (up_)
    fetch();
  report();
}

void Link::report() {
  loop_.cancel(soon_timer_);
  soon_timer_ = 0;
  later(report_timer_, member_.report_ms, &Link::refresh);
  if (!up_)
    return;
  proto::BackendRequest observe;
  observe.set_version(1);
  observe.mutable_observe();
  Answer answer = handler_(observe);
  auto *response = std::get_if<proto::BackendResponse>(&answer);
  if (!response || !response->has_fleet())
    return note("the agent does not say what it runs");
  proto::NodeSays says;
  *says.mutable_state()->mutable_fleet() = std::move(*response->mutable_fleet());
  desired_->report(*says.mutable_state());
  proto::Statement statement;
  statement.mutable_report()->set_payload(says.SerializeAsString());
  // Three may be lost before the node counts as silent.
  auto bytes = sign(std::move(statement), std::chrono::milliseconds(3 * member_.report_ms));
  if (!bytes)
    return failed("reporting", bytes.takeError());
  auto key = sealing_key();
  if (!key)
    return failed("reporting", key.takeError());
  proto::NodeReported reported;
  reported.set_report(std::move(*bytes));
  reported.set_sealing_key(std::move(*key));
  carrier_->publish(link::reported(member_.id.name), reported.SerializeAsString());
}

void Link::report_soon() {
  if (soon_timer_ == 0)
    later(soon_timer_, soon, &Link::report);
}

void Link::beat() {
  later(beat_timer_, member_.heartbeat_ms, &Link::beat);
  if (!up_)
    return;
  proto::Statement statement;
  statement.mutable_heartbeat()->set_boot_id(boot_id());
  statement.mutable_heartbeat()->set_boottime_ms(ticks());
  auto bytes = sign(std::move(statement), beat_holds);
  if (!bytes)
    return failed("heartbeat", bytes.takeError());
  carrier_->publish(link::heartbeat(member_.id.name), *bytes);
}

void Link::news() {
  take_events();
  send_events();
  pump();
  report_soon();
}

void Link::take_events() {
  if (!events_)
    return;
  std::vector<proto::Event> events;
  proto::BackendResponse response;
  while (events_(response) == Pull::item) {
    // A note of the stream itself has no number: it says that some are not kept any more.
    if (response.event().sequence() == 0)
      response.mutable_event()->set_sequence(events.empty() ? memory_->last_event()
                                                            : events.back().sequence());
    events.push_back(std::move(*response.mutable_event()));
    response.Clear();
  }
  if (auto error = memory_->keep(events))
    failed("events", std::move(error));
}

void Link::send_events() {
  if (!up_ || in_flight_ != 0)
    return;
  auto events = memory_->waiting(events_at_once, event_bytes);
  if (!events)
    return failed("events", events.takeError());
  if (events->events().empty())
    return;
  const uint64_t first = events->events(0).sequence();
  const uint64_t last = events->events(events->events_size() - 1).sequence();
  proto::NodeSays says;
  *says.mutable_events() = std::move(*events);
  proto::Statement statement;
  statement.mutable_report()->set_payload(says.SerializeAsString());
  auto bytes = sign(std::move(statement), events_hold);
  if (!bytes)
    return failed("events", bytes.takeError());
  const std::string &node = member_.id.name;
  carrier_->publish(link::events(node), *bytes, acks_ + "." + std::to_string(last),
                    {{"Nats-Msg-Id", fmt::format("{}.{}.{}", node, first, last)}});
  in_flight_ = last;
  loop_.cancel(event_timer_);
  event_timer_ = loop_.at(ticks() + unacknowledged, [this] {
    event_timer_ = 0;
    in_flight_ = 0;
    send_events();
  });
}

void Link::pump() {
  if (questions_->pump(now()) && pump_timer_ == 0)
    later(pump_timer_, 1, &Link::pump);
}

} // namespace nemo::agent::fleet
