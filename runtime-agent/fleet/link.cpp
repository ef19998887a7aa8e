#include "runtime-agent/fleet/link.h"

#include <utility>

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

#include "base/error.h"
#include "base/membership.h"
#include "protocol/link/subjects.h"
#include "runtime-agent/core/facts.h"

namespace nemo::agent::fleet {

namespace {

using namespace std::chrono_literals;

constexpr Ticks soon = 20;   ///< for what changes together to be told together
constexpr Ticks at_once = 2; ///< the same for who watches
constexpr Ticks unacknowledged = 5'000;
constexpr Ticks report_again = 1'000; ///< where the broker does not keep it
constexpr int events_at_once = 500;
constexpr size_t event_bytes = 32u << 10; ///< with chain and signature in the stream's 64 KiB
constexpr auto key_holds = 7 * 24h;
constexpr auto key_again = 6 * 24h; ///< a key is announced anew with so much left
constexpr auto events_hold = 1h;
constexpr auto beat_holds = 10s;

} // namespace

llvm::Expected<std::unique_ptr<Link>> Link::open(Loop &loop, const std::string &directory,
                                                 const Place &place, Ends agent) {
  auto member = membership::Member::load(directory);
  if (!member)
    return member.takeError();
  if (!member->sealing_key() || member->id().name != place.node)
    return failure("{} is the membership of {}, and this agent serves the node '{}'. Start it with "
                   "--node {}, or join the fleet under that name.",
                   directory, member->id().text(), place.node, member->id().name);
  std::unique_ptr<Link> made(new Link(loop, std::move(*member), place, std::move(agent)));
  if (auto error = made->start())
    return error;
  return made;
}

llvm::Error Link::start() {
  auto memory = Memory::open(member_.file(membership::memory));
  if (!memory)
    return memory.takeError();
  memory_ = std::move(*memory);
  desired_ = std::make_unique<Desired>(member_, *memory_, paths_, agent_.answer);
  questions_ = std::make_unique<Questions>(
      member_, paths_, agent_.answer,
      [this](const std::string &subject, const std::string &bytes, std::optional<uint64_t> stream) {
        // Where nobody listens, the broker says so to whom the answer should go.
        carrier_->publish(subject, bytes,
                          stream ? fmt::format("{}.{}{}", acks_, of_stream, *stream) : "");
      });
  if (auto error = desired_->finish())
    return error;
  judge_validities(); // before anything is started
  proto::BackendRequest watch;
  watch.set_version(1);
  watch.mutable_watch()->set_after(memory_->last_event());
  Answer events = agent_.answer(watch);
  if (auto *stream = std::get_if<Stream>(&events))
    events_ = std::move(*stream);
  take_events();

  const std::string inbox = link::inbox(member_.id()) + ".";
  acks_ = inbox + llvm::toHex(trust::random_bytes(12), /*LowerCase=*/true);
  gets_ = inbox + llvm::toHex(trust::random_bytes(12), /*LowerCase=*/true);
  renewal_ = std::make_unique<Renewal>(
      loop_, member_, [this](membership::Member renewed) { take_certificate(std::move(renewed)); },
      [this](const std::string &text) { note("the certificate", text); });
  auto carrier = connect([this](bool up) { link_is(up); });
  if (!carrier)
    return carrier.takeError();
  carrier_ = std::move(*carrier);
  recall_peers();
  open_peers();
  open_leases();
  follow_others();
  refresh();
  beat();
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Carrier>> Link::connect(std::function<void(bool)> on_link) {
  const std::string &node = member_.id().name;
  std::vector<std::string> subjects{link::desired(node), link::revocations.str(),
                                    link::bundles.str(), link::ask(node),
                                    acks_ + ".*",        gets_};
  for (const std::string &other : others_)
    subjects.push_back(link::running(other));
  return Carrier::start(loop_, member_, std::move(subjects),
                        {[this](const link::Message &message) { take(message); },
                         std::move(on_link),
                         [this](const std::string &text) { note("the connection", text); }});
}

/// With the certificate and the roots that are held now; the connection that there is stays until
/// the new one stands, and what both bring counts once.
void Link::reconnect() {
  auto is_in_use = std::make_shared<bool>(false);
  auto carrier = connect([this, is_in_use](bool up) {
    if (!*is_in_use && !up)
      return;
    if (!std::exchange(*is_in_use, true))
      carrier_ = std::move(next_);
    link_is(up);
  });
  if (carrier)
    next_ = std::move(*carrier);
  else
    failed("a new connection", carrier.takeError());
}

Link::~Link() {
  renewal_.reset();
  leases_.reset();
  peers_.reset();
  next_.reset();
  carrier_.reset();
  for (const Loop::TimerId timer : {report_timer_, soon_timer_, beat_timer_, event_timer_,
                                    pump_timer_, reconnect_timer_, expiry_timer_})
    loop_.cancel(timer);
}

void Link::later(Loop::TimerId &timer, Ticks wait, void (Link::*what)()) {
  loop_.cancel(timer);
  timer = loop_.at(ticks() + wait, [this, &timer, what] {
    timer = 0;
    (this->*what)();
  });
}

void Link::say(const std::string &text) const {
  llvm::errs() << "nemo-agent: fleet " << member_.id().fleet << ": " << text << '\n';
}

void Link::note(const std::string &matter, const std::string &text) {
  if (told_.is_new(matter, text))
    say(text);
}

void Link::failed(const std::string &doing, llvm::Error error) {
  note(doing, doing + ": " + llvm::toString(std::move(error)));
}

void Link::take(const link::Message &message) {
  const llvm::StringRef subject = message.subject;
  if (subject == link::desired(member_.id().name)) {
    if (!message.status.empty() || !message.operation.empty())
      return; // there is none: what was accepted before stays
    auto news = desired_->take(message.data, now());
    if (!news)
      return failed("desired state", news.takeError());
    told_.forget("desired state");
    if (*news) {
      judge_validities();
      follow_others();
      report();
    }
  } else if (subject == link::revocations) {
    if (message.status.empty() && message.operation.empty())
      take_revocations(message.data);
  } else if (subject == link::bundles) {
    if (message.status.empty() && message.operation.empty())
      take_bundles(message.data);
  } else if (llvm::StringRef node = subject; node.consume_front(link::running(""))) {
    if (message.status.empty() && message.operation.empty())
      take_running(node.str(), message.data);
  } else if (subject == link::ask(member_.id().name)) {
    if (auto error = questions_->take(message.data, message.reply, now()))
      failed("a question", std::move(error));
    else
      told_.forget("a question");
    pump();
  } else if (subject.startswith(acks_)) {
    take_ack(message);
  }
}

void Link::link_is(bool up) {
  up_ = up;
  note("the link", up ? "connected" : "the broker is out of reach; what runs here goes on");
  if (!up)
    return;
  told_.forget("the connection");
  in_flight_ = 0;
  told_others_.clear();
  forget_others(UnixNanos::max());
  fetch();
  report();
  send_events();
}

/// What was said while nobody listened. The answers come as if they had been said now.
void Link::fetch() {
  std::vector<std::string> subjects{link::bundles.str(), link::revocations.str(),
                                    link::desired(member_.id().name)};
  for (const std::string &node : others_)
    subjects.push_back(link::running(node));
  for (const std::string &subject : subjects)
    carrier_->publish(link::direct_get(subject), "", gets_);
}

void Link::take_ack(const link::Message &message) {
  const llvm::StringRef what = llvm::StringRef(message.subject).drop_front(acks_.size() + 1);
  if (what == of_report || what == of_running) {
    const std::string doing = what == of_report ? "reporting" : "telling others";
    auto stored = link::read_ack(message);
    if (stored)
      return told_.forget(doing);
    failed(doing, stored.takeError());
    told_others_.clear(); // and so they are told with the next report
    // A broker that has just lost everything may have no bucket yet.
    if (what == of_report)
      later(report_timer_, report_again, &Link::refresh);
    return;
  }
  if (llvm::StringRef stream = what; stream.consume_front(of_stream)) {
    uint64_t number = 0;
    if (message.status == "503" && !stream.getAsInteger(10, number))
      questions_->nobody_listens(number);
    return;
  }
  uint64_t last = 0;
  if (what.getAsInteger(10, last) || last == 0 || last != in_flight_)
    return;
  auto stored = link::read_ack(message);
  if (!stored)
    return failed("events", stored.takeError()); // the timer sends them again
  told_.forget("events");
  in_flight_ = maybe_there_ = 0;
  if (auto error = memory_->drop_events(last))
    return failed("events", std::move(error));
  send_events();
}

llvm::Expected<std::string> Link::sign(proto::Statement statement,
                                       std::chrono::milliseconds holds) {
  const UnixNanos time = now();
  // By the clock, so that numbers grow over restarts without being written anywhere.
  last_generation_ = std::max(last_generation_ + 1, static_cast<uint64_t>(trust::to_unix_ms(time)));
  statement.set_node(member_.id().name);
  statement.set_generation(last_generation_);
  statement.set_issued_unix_ms(trust::to_unix_ms(time));
  statement.set_expires_unix_ms(trust::to_unix_ms(time + holds));
  return trust::sign(std::move(statement), member_.signer());
}

llvm::Expected<std::string> Link::sealing_key() {
  if (announced_.empty() || now() + key_again > announced_until_) {
    proto::Statement statement;
    statement.mutable_sealing_key()->set_public_key(member_.sealing_key()->public_key());
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
  renewal_->look();
  open_peers();
  forget_others(now());
  judge_validities(); // the clock may have been set
  if (const trust::Revocations &held = member_.credentials().revocations;
      held.number() != 0 && held.due() < now())
    note("overdue", "the list of what is no longer trusted is overdue since " +
                        to_rfc3339(held.due()) + ": somebody may be withholding it");
  else
    told_.forget("overdue");
  if (up_)
    fetch();
  report();
}

void Link::report() {
  later(report_timer_, member_.settings().report_ms, &Link::refresh);
  if (!up_)
    return;
  proto::BackendRequest observe;
  observe.set_version(1);
  observe.mutable_observe();
  Answer answer = agent_.answer(observe);
  auto *response = std::get_if<proto::BackendResponse>(&answer);
  if (!response || !response->has_fleet())
    return note("reporting", "the agent does not say what it runs");
  tell_others(response->fleet());
  proto::NodeSays says;
  *says.mutable_state()->mutable_fleet() = std::move(*response->mutable_fleet());
  desired_->report(*says.mutable_state(), now());
  proto::Statement statement;
  statement.mutable_report()->set_payload(says.SerializeAsString());
  // Three may be lost before the node counts as silent.
  auto bytes =
      sign(std::move(statement), std::chrono::milliseconds(3 * member_.settings().report_ms));
  if (!bytes)
    return failed("reporting", bytes.takeError());
  auto key = sealing_key();
  if (!key)
    return failed("reporting", key.takeError());
  proto::NodeReported reported;
  reported.set_report(std::move(*bytes));
  reported.set_sealing_key(std::move(*key));
  carrier_->publish(link::reported(member_.id().name), reported.SerializeAsString(),
                    acks_ + "." + of_report.str());
}

void Link::beat() {
  later(beat_timer_, member_.settings().heartbeat_ms, &Link::beat);
  if (!up_)
    return;
  proto::Statement statement;
  statement.mutable_heartbeat()->set_boot_id(boot_id());
  statement.mutable_heartbeat()->set_boottime_ms(ticks());
  auto bytes = sign(std::move(statement), beat_holds);
  if (!bytes)
    return failed("heartbeat", bytes.takeError());
  carrier_->publish(link::heartbeat(member_.id().name), *bytes);
}

/// The rest waits for the disk, for all that changes together once.
void Link::news() {
  leases_->look();
  if (pump_timer_ == 0)
    later(pump_timer_, at_once, &Link::pump);
  if (soon_timer_ == 0)
    later(soon_timer_, soon, &Link::tell);
}

void Link::tell() {
  take_events();
  send_events();
  report();
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
  // Once more the same where the answer was lost: the broker knows that by its id.
  auto events =
      memory_->waiting(maybe_there_ != 0 ? maybe_there_ : UINT64_MAX, events_at_once, event_bytes);
  if (events && events->events().empty() && std::exchange(maybe_there_, 0) != 0)
    return send_events(); // given up meanwhile, as there were too many
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
  const std::string &node = member_.id().name;
  carrier_->publish(link::events(node), *bytes, acks_ + "." + std::to_string(last),
                    {{"Nats-Msg-Id", fmt::format("{}.{}.{}", node, first, last)}});
  in_flight_ = maybe_there_ = last;
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
