#include "runtime-agent/lease/holder.h"

#include <algorithm>

#include <fmt/format.h>

namespace nemo::agent::lease {

namespace {

constexpr Ticks ask_again = 400;   ///< where no answer has come
constexpr Ticks look_again = 250;  ///< where it is refused
constexpr Ticks split_after = 700; ///< with some, but not enough
constexpr Ticks split_wait = 1'500;
constexpr size_t most_waiting = 8;

} // namespace

/// xorshift64*: nobody gains by knowing it.
Ticks Holder::some(Ticks most) {
  random_ ^= random_ >> 12;
  random_ ^= random_ << 25;
  random_ ^= random_ >> 27;
  return static_cast<Ticks>((random_ * 0x2545F4914F6CDD1Du) >> 33) % (most + 1);
}

std::optional<Ticks> Holder::until(Ticks now) const {
  std::array<Ticks, granters> ends{};
  std::transform(asked_.begin(), asked_.end(), ends.begin(),
                 [](const Asked &one) { return one.until; });
  std::sort(ends.begin(), ends.end());
  const Ticks held = ends[granters / 2]; // a majority says this or more
  return held > now ? std::optional(held) : std::nullopt;
}

std::vector<Holder::Ask> Holder::due(Ticks now) {
  // Two that ask at once may have got one each, and the third may be away.
  if (!until(now) && gives_up_ != 0 && now >= gives_up_) {
    gives_up_ = 0;
    const Ticks wait = split_wait / 4 + some(split_wait);
    for (Asked &one : asked_) {
      one.give_back = one.until > now || !one.waiting.empty();
      one.waiting.clear();
      one.until = 0;
      one.next = now + wait;
    }
  }
  std::vector<Ask> due;
  for (size_t i = 0; i < granters; ++i) {
    if (asked_[i].give_back)
      due.push_back({i, true});
    if (now >= asked_[i].next)
      due.push_back({i, false});
    asked_[i].give_back = false;
  }
  return due;
}

void Holder::sent(size_t granter, const std::string &nonce, Ticks now) {
  Asked &one = asked_[granter];
  one.waiting.emplace_back(nonce, now);
  if (one.waiting.size() > most_waiting)
    one.waiting.pop_front();
  one.last = nonce;
  one.next = now + ask_again;
}

void Holder::take(size_t granter, const std::string &nonce, const Said &said, Ticks now) {
  Asked &one = asked_[granter];
  const auto found = std::find_if(one.waiting.begin(), one.waiting.end(),
                                  [&](const auto &sent) { return sent.first == nonce; });
  if (found == one.waiting.end())
    return;
  const Ticks sent = found->second;
  one.waiting.erase(one.waiting.begin(), found + 1); // older ones say less
  if (said.kind != Said::granted) {
    one.said = said;
    one.next =
        now + std::clamp<Ticks>(said.wait, look_again / 2, look_again) + some(look_again / 4);
    return;
  }
  one.said.reset();
  one.until = std::max(one.until, sent + duration_ - drift_of(duration_));
  one.next = sent + duration_ / 3;
  if (until(now))
    gives_up_ = 0;
  else if (gives_up_ == 0)
    gives_up_ = std::max(now + split_after + some(split_after), gives_back_from_);
}

Ticks Holder::wake(Ticks now) const {
  Ticks first = now + duration_;
  for (const Asked &one : asked_)
    first = std::min(first, one.give_back ? now : one.next);
  if (!until(now) && gives_up_ != 0)
    first = std::min(first, gives_up_);
  return std::max(first, now + 1);
}

std::string Holder::why(Ticks now) const {
  if (until(now))
    return {};
  const Said *held = nullptr;
  size_t answers = 0, silent = 0, outdated = 0;
  for (const Asked &one : asked_) {
    answers += one.said || one.until > now ? 1 : 0;
    if (!one.said)
      continue;
    held = one.said->kind == Said::held ? &*one.said : held;
    silent += one.said->kind == Said::silent ? 1 : 0;
    outdated += one.said->kind == Said::outdated ? 1 : 0;
  }
  if (outdated > granters / 2)
    return "a newer instance has had its lease";
  if (held)
    return fmt::format("{} holds its lease", held->holder);
  if (silent > 0)
    return "who grants its lease has just started";
  return fmt::format("of {} granters of its lease {} answer", granters, answers);
}

} // namespace nemo::agent::lease
