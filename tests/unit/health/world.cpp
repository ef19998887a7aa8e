#include "world.h"

#include <algorithm>

namespace nemo::health::test {

namespace {
constexpr Ms quickest{2}, jitter{20}, tick{50};
}

std::vector<Member> members(size_t nodes, size_t sites) {
  std::vector<Member> all;
  for (size_t i = 0; i < nodes; ++i)
    all.push_back({"n" + std::to_string(i), "s" + std::to_string(i % sites)});
  return all;
}

World::World(uint32_t seed, const std::vector<Member> &members, Settings settings)
    : detector(settings), random_(seed) {
  for (const Member &member : members) {
    Node node;
    node.name = member.node;
    node.site = member.site;
    node.next = now_ + up_to(Ms(300));
    node.boot_offset = Ms(1'000'000) - up_to(Ms(900'000));
    nodes_.push_back(std::move(node));
  }
  next_tick_ = now_;
  detector.expect(members, now_);
}

void World::step() {
  now_ += Ms(1);
  for (Node &node : nodes_) {
    if (!node.up || now_ < node.next || now_ < node.stalled_until)
      continue;
    node.next = now_ + node.interval;
    Beat beat{node.name, node.boot_id, ++node.sequence, now_ - node.boot_offset};
    sent.push_back(beat);
    if (!node.cut)
      on_the_way_.emplace(std::max(now_ + quickest + up_to(jitter), node.path_stalled_until),
                          std::move(beat));
  }
  if (now_ < paused_until_)
    return;
  // What woke it first, the timer or what has come, is anybody's guess.
  const bool tick_first = below(2) == 0;
  auto tick_now = [&] {
    if (now_ < next_tick_)
      return;
    next_tick_ = now_ + tick;
    for (Change &change : detector.tick(now_))
      noted.push_back({now_, std::move(change)});
  };
  if (tick_first)
    tick_now();
  for (auto it = on_the_way_.begin(); it != on_the_way_.end() && it->first <= now_;
       it = on_the_way_.erase(it))
    detector.hear(it->second, now_);
  if (!tick_first)
    tick_now();
}

void World::run(Ms time) {
  for (const Ms end = now_ + time; now_ < end;)
    step();
}

Ms World::when(size_t index, State state, Ms from) const {
  for (const Noted &one : noted)
    if (one.at >= from && one.change.after == state && one.change.node == nodes_[index].name)
      return one.at;
  return Ms::max();
}

size_t World::count(State state) const {
  return static_cast<size_t>(std::count_if(
      noted.begin(), noted.end(), [&](const Noted &one) { return one.change.after == state; }));
}

} // namespace nemo::health::test
