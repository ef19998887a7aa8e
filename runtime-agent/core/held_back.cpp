// Parts that start nothing which has never run here. Who holds them back knows why; the agent keeps
// what runs running, and says so.
#include "runtime-agent/core/agent.h"

#include "base/error.h"

namespace nemo::agent {

void Agent::hold_back(std::map<std::string, HeldBack> held) {
  std::erase_if(held, [&](const auto &entry) {
    const auto part = parts_.find(entry.first);
    return part == parts_.end() || part->second.generation != entry.second.generation;
  });
  if (held == held_back_)
    return;
  const auto before = std::exchange(held_back_, std::move(held));
  for (const auto &[stack, one] : held_back_)
    if (const auto was = before.find(stack); was == before.end() || was->second != one)
      note(fmt::format("what runs of the stack {} runs on, and nothing new is started: {}", stack,
                       one.reason));
  for (const auto &[stack, one] : before)
    if (!held_back_.count(stack))
      note(fmt::format("the stack {} is not held back any more", stack));
  reconcile_soon();
}

/// Why; empty: it is not.
std::string Agent::held_back(const std::string &stack) const {
  const auto held = held_back_.find(stack);
  const auto part = parts_.find(stack);
  return held != held_back_.end() && part != parts_.end() &&
                 part->second.generation == held->second.generation
             ? held->second.reason
             : std::string();
}

} // namespace nemo::agent
