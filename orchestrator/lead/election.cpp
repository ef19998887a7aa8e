#include "orchestrator/lead/election.h"

#include <algorithm>

namespace nemo::lead {

namespace {

using namespace std::chrono_literals;

/// Of the lease, its holder uses so much: what is left is for clocks that drift, and for what it
/// has begun.
constexpr int used = 9, of = 10;
/// Two clocks, each up to 1000 ppm wrong, the other way.
constexpr int drift_ppm = 2'000;
constexpr Ms longest = 60s; ///< lease of another that is believed

} // namespace

std::optional<uint64_t> Election::term(Ms now) const {
  return lease_ && now < lease_->until ? std::optional(lease_->token) : std::nullopt;
}

void Election::at_least(uint64_t token) {
  floor_ = std::max(floor_, std::min(token, settings_.most_token));
}

/// Nothing changed for as long as its holder can think that it leads. What this very process wrote
/// nobody else has replaced.
bool Election::may_take(Ms now) const {
  if (held_->believed && (held_->duration == 0ms || held_->process == process_))
    return true;
  const Ms lease =
      std::max(settings_.duration, std::min(held_->believed ? held_->duration : 0ms, longest));
  return now - seen_at_ > lease + lease * drift_ppm / 1'000'000 + 1ms;
}

Write Election::send(const Sent &sent) {
  busy_ = true;
  sent_[++numbers_] = sent;
  if (sent.is_mark)
    mark_ = numbers_;
  return {numbers_, held_->revision, sent.token, sent.duration};
}

Step Election::next(Ms now) {
  if (lease_ && now >= lease_->until)
    lease_.reset();
  if (busy_)
    return {};
  if (leaving_) {
    if (!lease_)
      return {};
    const uint64_t token = lease_->token;
    lease_.reset(); // before anybody hears of it
    return {false, send({now, token, 0ms})};
  }
  if ((is_unsure_ || !lease_) && now >= read_at_) {
    busy_ = true;
    read_at_ = now + settings_.poll;
    return {true, {}};
  }
  if (is_unsure_)
    return {};
  const uint64_t above_all = std::max(highest_, floor_) + 1;
  if (lease_) {
    const bool is_low = floor_ > lease_->token;
    if (now < renew_at_ && !is_low)
      return {};
    return {false, send({now, is_low ? above_all : lease_->token, settings_.duration})};
  }
  if (!held_)
    return {};
  // Somebody may have wiped it, even twice: nothing cannot be told from nothing. So it is marked
  // first, and that is waited for as if it were another's.
  if (held_->revision == 0)
    return {false, send({now, above_all - 1, settings_.duration, /*is_mark=*/true})};
  if (!may_take(now))
    return {};
  return {false, send({now, above_all, settings_.duration})};
}

/// It is ours from when we sent it. That may be over by now.
void Election::take(const Sent &sent, uint64_t number, uint64_t revision, Ms now) {
  held_ = Held{revision, true, process_, "", sent.token, number, sent.duration};
  is_unsure_ = false;
  seen_at_ = now;
  highest_ = std::max(highest_, sent.token);
  if (sent.is_mark)
    held_->process.clear();
  const Ms until = sent.at + sent.duration * used / of;
  if (until > now && !leaving_ && !sent.is_mark)
    lease_ = Lease{sent.token, until};
  renew_at_ = sent.at + settings_.renew;
  // What was sent before is replaced by it, or was refused for it.
  sent_.erase(sent_.begin(), sent_.upper_bound(number));
}

void Election::stored(uint64_t number, uint64_t revision, Ms now) {
  busy_ = false;
  if (const auto found = sent_.find(number); found != sent_.end())
    take(Sent(found->second), number, revision, now);
}

void Election::look_again() {
  busy_ = false;
  is_unsure_ = true;
  read_at_ = {};
}

/// What was sent before and not answered may lie there instead: reading tells.
void Election::refused(uint64_t number) {
  look_again();
  sent_.erase(number);
  lease_.reset();
}

void Election::unanswered() { look_again(); }

/// Any other revision is a sign of life: who waits too long only loses time.
void Election::saw(const Held &held, Ms now) {
  busy_ = false;
  if (held.believed)
    highest_ = std::max(highest_, std::min(held.token, settings_.most_token));
  const bool did_write = held.believed && held.process == process_;
  if (did_write)
    if (const auto found = sent_.find(held.number); found != sent_.end())
      return take(Sent(found->second), held.number, held.revision, now);
  is_unsure_ = false;
  Held seen = held;
  if (did_write && held.number == mark_)
    seen.process.clear();
  if (!seen.believed || seen.process != process_)
    lease_.reset();
  if (held_ != seen)
    seen_at_ = now;
  held_ = std::move(seen);
}

} // namespace nemo::lead
