#include "runtime-agent/fleet/leases.h"

#include "llvm/ADT/STLExtras.h"

#include "base/error.h"

namespace nemo::agent::fleet {

namespace {

using lease::Holder;
using lease::Request;
using lease::Said;

constexpr Ticks give_up_way = 1'000;      ///< where what was asked is not answered
constexpr Ticks give_up_dialling = 1'500; ///< a second try may come through where one is lost
constexpr Ticks dial_again = 300;
constexpr size_t most_asked = 1'000;
constexpr size_t most_served = 300;
constexpr auto ahead = std::chrono::hours(24); ///< that a planner's clock may be

std::string new_nonce() { return trust::random_bytes(16); }

} // namespace

Leases::Leases(Loop &loop, const membership::Member &member, Ends ends)
    : loop_(loop), member_(member), ends_(std::move(ends)), granter_(ticks()) {}

Leases::~Leases() {
  *alive_ = false;
  for (auto &[name, held] : held_)
    loop_.cancel(held.timer);
}

void Leases::look() {
  const std::map<std::string, Agent::LeaseNeed> needs = ends_.needs();
  for (auto at = held_.begin(); at != held_.end();) {
    const auto need = needs.find(at->first);
    if (need != needs.end() &&
        std::equal(need->second.lease.granters().begin(), need->second.lease.granters().end(),
                   at->second.lease.granters().begin(), at->second.lease.granters().end())) {
      at->second.lease = need->second.lease;
      ++at;
      continue;
    }
    if (need == needs.end()) // it does not run
      give_back(at->first, at->second);
    ends_.tell(at->first, std::nullopt, "");
    loop_.cancel(at->second.timer);
    at = held_.erase(at);
  }
  for (const auto &[name, need] : needs) {
    if (held_.count(name) || need.lease.granters_size() != static_cast<int>(lease::granters))
      continue;
    uint64_t seed = 0;
    const std::string random = trust::random_bytes(sizeof seed);
    std::copy(random.begin(), random.end(), reinterpret_cast<char *>(&seed));
    held_.try_emplace(name, need.lease,
                      Holder(static_cast<Ticks>(need.lease.duration_ms()), seed, ticks()));
    act(name);
  }
}

void Leases::act(const std::string &name) {
  const auto found = held_.find(name);
  if (found == held_.end())
    return;
  Held &held = found->second;
  for (const Holder::Ask &one : held.holder.due(ticks()))
    ask(name, held, one);
  say(name, held);
  loop_.cancel(held.timer);
  const Ticks now = ticks();
  held.timer =
      loop_.at(std::min(held.holder.wake(now), held.holder.until(now).value_or(now + 1'000)),
               [this, name] { act(name); });
}

void Leases::say(const std::string &name, Held &held) {
  const Ticks now = ticks();
  const std::optional<Ticks> until = held.holder.until(now);
  std::string why = held.holder.why(now);
  if (held.is_told && held.told_until == until && held.told_why == why)
    return;
  held.is_told = true;
  held.told_until = until;
  held.told_why = why;
  ends_.tell(name, until, std::move(why));
}

void Leases::ask(const std::string &name, Held &held, const Holder::Ask &ask) {
  const std::string &node = held.lease.granters(static_cast<int>(ask.granter));
  Request request{name, member_.id().text(), held.lease.token(), 0,
                  held.holder.last_nonce(ask.granter)};
  if (!ask.gives_back) {
    request.duration = static_cast<Ticks>(held.lease.duration_ms());
    request.nonce = new_nonce();
    held.holder.sent(ask.granter, request.nonce, ticks());
  }
  if (node == member_.id().name)
    take(node, request, grant(request));
  else
    send(node, request);
}

void Leases::give_back(const std::string &name, Held &held) {
  for (size_t i = 0; i < lease::granters; ++i)
    if (!held.holder.last_nonce(i).empty())
      ask(name, held, {i, true});
}

/// What cannot be sent is lost, as it may be on the way; it is asked again.
void Leases::send(const std::string &node, const Request &request) {
  Way &way = ways_[node];
  if (way.stream && way.asked != 0 && ticks() - way.asked > give_up_way)
    way.stream.reset(); // cut, and nobody has said so
  if (!way.stream)
    return connect(node);
  proto::LeaseRequest frame;
  frame.set_lease(request.lease);
  frame.set_token(request.token);
  frame.set_duration_ms(static_cast<uint64_t>(request.duration));
  frame.set_nonce(request.nonce);
  if (way.asked == 0)
    way.asked = ticks();
  if (request.duration != 0) {
    if (asked_.size() >= most_asked)
      asked_.clear();
    asked_[request.nonce] = {node, request};
  }
  way.stream->send(frame);
}

void Leases::connect(const std::string &node) {
  Way &way = ways_[node];
  const Ticks now = ticks();
  if (now - way.since < (way.connecting ? give_up_dialling : dial_again))
    return;
  way.connecting = true;
  way.since = now;
  const uint64_t attempt = ++way.attempt;
  proto::PeerHello hello;
  hello.mutable_lease();
  ends_.connect(node, hello.SerializeAsString(),
                [this, node, attempt, alive = alive_](llvm::Expected<Fd> stream) {
                  if (!stream) {
                    std::string why = llvm::toString(stream.takeError());
                    if (!*alive || ways_[node].attempt != attempt)
                      return;
                    ways_[node].connecting = false;
                    return ends_.note(node + " grants no lease: " + why);
                  }
                  if (!*alive || ways_[node].attempt != attempt)
                    return;
                  Way &way = ways_[node];
                  way.connecting = false;
                  way.asked = 0;
                  way.stream = std::make_unique<LeaseStream>(
                      loop_, std::move(*stream),
                      [this, node](llvm::StringRef bytes) { answered(node, bytes); },
                      [this, node] { ways_[node].stream.reset(); });
                  // What was asked meanwhile is lost: again, at once.
                  for (auto &[name, held] : held_)
                    for (size_t i = 0; i < lease::granters; ++i)
                      if (held.lease.granters(static_cast<int>(i)) == node)
                        ask(name, held, {i, false});
                });
}

void Leases::answered(const std::string &node, llvm::StringRef bytes) {
  ways_[node].asked = 0;
  proto::LeaseAnswer answer;
  if (!answer.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return ends_.note(node + " answers what cannot be read");
  const auto asked = asked_.extract(answer.nonce());
  if (!asked || asked.mapped().first != node)
    return;
  const Request &request = asked.mapped().second;
  auto said = read_answer(answer, request, node, member_, paths_);
  if (!said)
    return ends_.note(llvm::toString(said.takeError()));
  take(node, request, *said);
}

void Leases::take(const std::string &node, const Request &request, const Said &said) {
  const auto found = held_.find(request.lease);
  if (found == held_.end() || request.duration == 0 || said.kind == Said::given_back)
    return;
  Held &held = found->second;
  for (size_t i = 0; i < lease::granters; ++i)
    if (held.lease.granters(static_cast<int>(i)) == node)
      held.holder.take(i, request.nonce, said, ticks());
  say(request.lease, held);
}

Said Leases::grant(const Request &request) {
  return granter_.ask(request, ticks(), static_cast<uint64_t>(trust::to_unix_ms(now() + ahead)));
}

void Leases::serve(peer::Peers::Opened opened) {
  if (served_.size() >= most_served)
    return;
  served_.emplace_back();
  const auto at = std::prev(served_.end());
  *at = std::make_unique<LeaseStream>(
      loop_, std::move(opened.stream),
      [this, at, peer = opened.peer.text()](llvm::StringRef bytes) {
        const auto request = read_request(bytes, peer);
        if (!request) {
          ends_.note(peer + " asks for a lease in a way that nobody does");
          served_.erase(at);
          return;
        }
        auto answer = to_answer(grant(*request), *request, member_);
        if (answer)
          (*at)->send(*answer);
        else
          ends_.note("a lease: " + llvm::toString(answer.takeError()));
      },
      [this, at] { served_.erase(at); });
}

} // namespace nemo::agent::fleet
