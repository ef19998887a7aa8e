#include "world.h"

namespace nemo::lead::test {

namespace {

using namespace std::chrono_literals;

constexpr Ms tick = 20ms, patience = 400ms;

} // namespace

World::World(uint32_t seed, size_t candidates) : random_(seed) {
  for (size_t i = 0; i < candidates; ++i) {
    Candidate &one = candidates_.emplace_back("c" + std::to_string(++processes_));
    one.offset = up_to(Ms(1'000'000));
  }
}

Ms World::clock(const Candidate &candidate) const {
  return candidate.offset + now_ + now_ * candidate.ppm / 1'000'000;
}

void World::restart(size_t index) {
  Candidate next("c" + std::to_string(++processes_));
  next.offset = candidates_[index].offset;
  next.ppm = candidates_[index].ppm;
  candidates_[index] = std::move(next);
}

std::optional<uint64_t> World::term(size_t index) const {
  const Candidate &one = candidates_[index];
  return one.alive ? one.election.term(clock(one)) : std::nullopt;
}

size_t World::leader() const {
  for (size_t i = 0; i < candidates_.size(); ++i)
    if (term(i))
      return i;
  return candidates_.size();
}

void World::run(Ms time) {
  for (const Ms end = now_ + time; now_ < end; now_ += 1ms)
    step();
}

void World::step() {
  while (!on_the_way_.empty() && on_the_way_.begin()->first <= now_) {
    Arrival arrival = std::move(on_the_way_.begin()->second);
    on_the_way_.erase(on_the_way_.begin());
    arrive(std::move(arrival));
  }
  for (size_t i = 0; i < candidates_.size(); ++i) {
    Candidate &one = candidates_[i];
    if (one.alive && now_ >= one.paused_until && (now_ + Ms(i)) % tick == 0ms)
      act(one);
  }
  look();
}

void World::arrive(Arrival arrival) {
  Candidate &from = candidates_[arrival.candidate];
  if (arrival.is_answer) {
    if (from.name != arrival.process)
      return;
    if (arrival.write)
      from.acks.push_back(
          {arrival.question, arrival.write->number, arrival.revision, arrival.failed});
    else
      from.reads.emplace_back(arrival.question, arrival.read);
    return;
  }
  if (!up)
    return;
  arrival.is_answer = true;
  writes += arrival.write.has_value();
  arrival.failed = arrival.write && !takes;
  if (!arrival.write) {
    arrival.read = stored;
  } else if (takes && !conflicts && arrival.write->revision == stored.revision) {
    const Write &write = *arrival.write;
    stored = {++last,      true,         arrival.process, arrival.process,
              write.token, write.number, write.duration};
    arrival.revision = last;
    written.push_back(stored);
  }
  if (arrival.write && below(100) < static_cast<size_t>(lost_acks))
    return;
  on_the_way_.emplace(now_ + up_to(delay), std::move(arrival));
}

void World::act(Candidate &one) {
  const Ms at = clock(one);
  for (const auto &[question, held] : one.reads)
    if (question == one.asked) {
      one.asked = 0;
      one.election.saw(held, at);
    }
  one.reads.clear();
  for (const Candidate::Acked &ack : one.acks)
    if (ack.question == one.asked) {
      one.asked = 0;
      if (ack.failed)
        one.election.unanswered(at);
      else if (ack.revision != 0)
        one.election.stored(ack.number, ack.revision, at);
      else
        one.election.refused(ack.number, at);
    }
  one.acks.clear();
  if (one.asked != 0 && at - one.asked_at > patience) {
    one.asked = 0;
    if (one.is_read)
      one.election.could_not_read();
    else
      one.election.unanswered(at);
  }
  if (one.asked != 0)
    return;
  if (!terms.empty())
    one.election.at_least(terms.rbegin()->first); // as it reads it in what nodes have accepted
  const Step step = one.election.next(at);
  if (!step.read && !step.write)
    return;
  one.asked = ++questions_;
  one.asked_at = at;
  one.is_read = step.read;
  on_the_way_.emplace(now_ + up_to(delay), Arrival{static_cast<size_t>(&one - candidates_.data()),
                                                   one.name,
                                                   one.asked,
                                                   step.write,
                                                   false,
                                                   {},
                                                   0,
                                                   false});
}

void World::replay(size_t age) {
  if (age >= written.size())
    return;
  stored = written[written.size() - 1 - age];
  stored.revision = ++last;
}

void World::look() {
  size_t leaders = 0;
  for (size_t i = 0; i < candidates_.size(); ++i)
    if (const auto term = this->term(i)) {
      ++leaders;
      const auto [entry, is_new] = terms.emplace(*term, candidates_[i].name);
      shared_terms += entry->second != candidates_[i].name;
    }
  overlaps += leaders > 1;
}

} // namespace nemo::lead::test
