#include "world.h"

namespace nemo::test {

World::World(uint32_t seed, size_t count) : random_(seed) {
  for (size_t i = 0; i < granters; ++i) {
    const Clock clock = any_clock();
    grants.push_back({clock, std::make_unique<Granter>(clock.at(now_) - 2 * longest_ms)});
  }
  for (size_t i = 0; i < count; ++i) {
    nodes.emplace_back();
    nodes.back().name = "n" + std::to_string(i);
    nodes.back().clock = any_clock();
  }
}

World::Clock World::any_clock() {
  return {static_cast<Ticks>(below(100'000'000)), static_cast<int>(below(2'001)) - 1'000};
}

void World::want(size_t index, uint64_t token) {
  Node &node = nodes[index];
  node.token = token;
  node.holder = std::make_unique<Holder>(usual_ms, random_(), node.clock.at(now_));
}

void World::unwant(size_t index) {
  Node &node = nodes[index];
  node.deadline.reset();
  if (node.holder)
    for (size_t granter = 0; granter < granters; ++granter)
      send({index,
            granter,
            {"db/0", node.name, node.token, 0, node.holder->last_nonce(granter)},
            std::nullopt,
            node.holder.get()});
  node.token = 0;
  node.holder.reset();
}

/// What it runs goes on; the next agent knows nothing of what was granted.
void World::restart_agent(size_t index) {
  if (nodes[index].token != 0)
    want(index, nodes[index].token);
}

void World::reboot(size_t index) {
  nodes[index].deadline.reset();
  nodes[index].clock = any_clock();
  restart_agent(index);
}

void World::restart_granter(size_t index) {
  grants[index].granter = std::make_unique<Granter>(grants[index].clock.at(now_));
}

std::optional<size_t> World::runs() const {
  for (size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i].deadline)
      return i;
  return std::nullopt;
}

void World::send(const Message &message) {
  const auto cut = cut_.find({message.node, message.granter});
  if ((cut != cut_.end() && cut->second) || below(1'000) < static_cast<size_t>(lost))
    return;
  const int copies = below(1'000) < static_cast<size_t>(doubled) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    const Ticks most = below(1'000) < static_cast<size_t>(late) ? 6'000 : delay;
    under_way_.emplace(now_ + static_cast<Ticks>(below(static_cast<size_t>(most) + 1)), message);
  }
}

void World::arrive(const Message &message) {
  const auto cut = cut_.find({message.node, message.granter});
  if (cut != cut_.end() && cut->second)
    return;
  Node &node = nodes[message.node];
  if (message.said) {
    if (node.holder && node.holder.get() == message.to)
      node.holder->take(message.granter, message.request.nonce, *message.said, node.clock.at(now_));
    return;
  }
  Grants &one = grants[message.granter];
  if (!one.granter)
    return;
  Message answer = message;
  answer.said = one.granter->ask(message.request, one.clock.at(now_), 1'000'000);
  if (answer.said->kind != Said::given_back)
    send(answer);
}

void World::act(size_t index) {
  Node &node = nodes[index];
  if (!node.holder || now_ < node.paused_until)
    return;
  const Ticks clock = node.clock.at(now_);
  for (const Holder::Ask &ask : node.holder->due(clock)) {
    if (ask.gives_back) {
      send({index,
            ask.granter,
            {"db/0", node.name, node.token, 0, node.holder->last_nonce(ask.granter)},
            std::nullopt,
            node.holder.get()});
      continue;
    }
    const std::string nonce = std::to_string(++nonces_);
    node.holder->sent(ask.granter, nonce, clock);
    send({index,
          ask.granter,
          {"db/0", node.name, node.token, usual_ms, nonce},
          std::nullopt,
          node.holder.get()});
  }
  if (const auto until = node.holder->until(clock)) {
    if (!node.deadline)
      ++node.starts;
    node.deadline = std::max(node.deadline.value_or(0), *until);
  }
}

void World::look() {
  Ticks running = 0;
  for (Node &node : nodes) {
    if (node.deadline && node.clock.at(now_) >= *node.deadline)
      node.deadline.reset();
    running += node.deadline ? 1 : 0;
  }
  ran += running > 0 ? 1 : 0;
  overlap += running > 1 ? 1 : 0;
}

void World::run(Ticks time) {
  for (const Ticks end = now_ + time; now_ < end; ++now_) {
    while (!under_way_.empty() && under_way_.begin()->first <= now_) {
      const Message message = std::move(under_way_.begin()->second);
      under_way_.erase(under_way_.begin());
      arrive(message);
    }
    for (size_t i = 0; i < nodes.size(); ++i)
      act(i);
    look();
  }
}

} // namespace nemo::test
