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

/// Nothing changed for as long as its holder can think that it leads.
bool Election::may_take(Ms now) const {
  Ms wait{};
  if (!is_free_) {
    const Ms lease =
        std::max(settings_.duration, std::min(held_->believed ? held_->duration : 0ms, longest));
    wait = lease + lease * drift_ppm / 1'000'000 + 2ms;
  }
  if (stand_ == Stand::last)
    wait += settings_.aside;
  return now - seen_at_ >= wait;
}

Write Election::send(Sent sent) {
  busy_ = true;
  sent.replaces = held_->revision;
  // What is over by now gives us nothing when it turns up, and is waited for like another's.
  std::erase_if(sent_,
                [&](const auto &one) { return one.second.at + one.second.duration <= sent.at; });
  sent_[++numbers_] = sent;
  return {numbers_, sent.replaces, sent.token, sent.duration};
}

Step Election::next(Ms now) {
  if (lease_ && now >= lease_->until)
    lease_.reset();
  if (busy_)
    return {};
  if (lease_ && (leaving_ || stand_ == Stand::aside)) {
    const uint64_t token = lease_->token;
    lease_.reset(); // before anybody hears of it
    return {false, send({now, token, 0ms})};
  }
  if (leaving_)
    return {};
  if ((is_unsure_ || !lease_) && now >= read_at_) {
    busy_ = true;
    read_at_ = now + settings_.poll;
    return {true, {}};
  }
  if (is_unsure_ || now < write_at_ || stand_ == Stand::aside)
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
  is_free_ = !sent.is_mark; // as long as nobody has replaced it
  highest_ = std::max(highest_, sent.token);
  write_at_ = pause_ = {};
  if (sent.is_mark)
    held_->process.clear();
  const Ms until = sent.at + sent.duration * used / of;
  if (until > now && !leaving_ && stand_ != Stand::aside && !sent.is_mark)
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

/// The first is tried again as soon as it is known what lies there; those after it less and less
/// often, since a store that refuses what it is given answers at once.
void Election::failed(Ms now) {
  look_again();
  write_at_ = now + pause_;
  pause_ = std::clamp(pause_ * 2, settings_.poll, settings_.pause);
}

/// What was sent before and not answered may lie there instead: reading tells. So it does whether
/// the lease goes on: nobody honest takes it before it is over.
void Election::refused(uint64_t number, Ms now) {
  failed(now);
  sent_.erase(number);
}

void Election::unanswered(Ms now) { failed(now); }

/// Any other revision is a sign of life: who waits too long only loses time. What was written once
/// may be brought again by anybody who may write. So a lead is free at once only for who has seen
/// the one that gives it back lead, and nobody after; and whoever leads does not end for a word
/// that is older than its term, but writes over it.
void Election::saw(const Held &held, Ms now) {
  busy_ = false;
  const bool did_write = held.believed && held.process == process_;
  if (did_write)
    if (const auto found = sent_.find(held.number); found != sent_.end()) {
      take(Sent(found->second), held.number, held.revision, now);
      is_free_ =
          lease_.has_value(); // else others may have held it since, and this be brought again
      return;
    }
  is_unsure_ = false;
  // Nothing can follow any more, or was replaced in turn.
  std::erase_if(sent_, [&](const auto &one) { return one.second.replaces < held.revision; });
  if (held.believed)
    highest_ = std::max(highest_, std::min(held.token, settings_.most_token));
  const bool is_new = !held_ || held_->revision != held.revision;
  if (!is_new && did_write)
    return;
  if (lease_ && held.believed && (did_write || held.token < lease_->token))
    renew_at_ = now;
  else
    lease_.reset();
  Held seen = held;
  if (did_write) { // what of ours lies there is known: somebody has brought it again
    seen.process.clear();
    seen.name.clear();
  }
  if (held_ == seen)
    return;
  seen_at_ = now;
  is_free_ = seen.believed && seen.duration == 0ms && seen.token >= highest_ &&
             !seen.process.empty() && held_ && held_->believed && held_->token == seen.token &&
             held_->process == seen.process;
  held_ = std::move(seen);
}

} // namespace nemo::lead
