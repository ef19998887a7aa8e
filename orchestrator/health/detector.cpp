#include "orchestrator/health/detector.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace nemo::health {

namespace {

std::string seconds(Ms time) {
  return fmt::format("{:.2f} s", static_cast<double>(time.count()) / 1000);
}

} // namespace

llvm::StringRef to_text(State state) {
  switch (state) {
  case State::alive:
    return "alive";
  case State::suspect:
    return "suspect";
  case State::cut_off:
    return "cut off";
  case State::dead:
    return "dead";
  case State::returning:
    return "returning";
  }
  return "";
}

void Detector::advance(Ms now) {
  if (begun_ && now > now_) {
    paused_ = paused_ || now - now_ > settings_.step;
    if (connected_)
      listened_ += std::min(now - now_, settings_.step);
  }
  now_ = begun_ ? std::max(now_, now) : now;
  begun_ = true;
}

void Detector::expect(const std::vector<Member> &members, Ms now) {
  advance(now);
  std::set<std::string, std::less<>> named;
  for (const Member &member : members) {
    named.insert(member.node);
    const auto [entry, is_new] = nodes_.try_emplace(
        member.node,
        Node{member.site, false, Pulse(settings_.patience, listened_), {}, {}, {}, {}, 0});
    Node &node = entry->second;
    node.site = member.site;
    node.replaced = member.replaced;
    if (is_new) {
      node.health = {State::suspect, "not heard yet", now_, 0};
      node.not_before = listened_ + settings_.after_partition;
    }
  }
  std::erase_if(nodes_, [&](const auto &entry) { return !named.contains(entry.first); });
}

void Detector::connected(bool yes, Ms now) {
  advance(now);
  if (yes && !connected_)
    for (auto &[name, node] : nodes_) {
      if (node.health.state == State::dead)
        continue;
      node.pulse.excuse(listened_);
      node.not_before = listened_ + settings_.after_partition;
    }
  connected_ = yes;
}

Heard Detector::hear(const Beat &beat, Ms now) {
  advance(now);
  const auto entry = nodes_.find(beat.node);
  if (entry == nodes_.end())
    return Heard::stranger;
  Node &node = entry->second;
  if (!node.pulse.hear(beat, now_, listened_)) {
    ++node.health.replays;
    return Heard::replayed;
  }
  return Heard::fresh;
}

void Detector::enter(const std::string &name, Node &node, State state, std::string reason) {
  if (node.health.state != state)
    changes_.push_back({name, node.health.state, state, reason});
  node.health.state = state;
  node.health.reason = std::move(reason);
  node.health.since = now_;
}

Ms Detector::needed(const Node &node) const {
  Ms time = settings_.stable;
  for (int i = 1; i < node.deaths && time < settings_.most_stable; ++i)
    time *= 2;
  return std::min(time, settings_.most_stable);
}

void Detector::die(const std::string &name, Node &node) {
  node.died = listened_;
  node.deaths = std::min(node.deaths + 1, 64);
  enter(name, node, State::dead,
        node.pulse.ever_heard()
            ? fmt::format("no heartbeat for {}, {} are allowed",
                          seconds(node.pulse.silence(listened_)), seconds(node.pulse.death()))
            : fmt::format("never heard, for {}", seconds(node.pulse.silence(listened_))));
}

/// What follows from the node's own heartbeats.
void Detector::follow(const std::string &name, Node &node) {
  const Ms silence = node.pulse.silence(listened_);
  const bool quiet = silence >= node.pulse.suspicion();
  switch (node.health.state) {
  case State::alive:
    if (quiet)
      enter(name, node, State::suspect, fmt::format("no heartbeat for {}", seconds(silence)));
    else if (node.deaths > 0 && listened_ - node.stable_since >= settings_.forget)
      node.deaths = 0;
    break;
  case State::suspect:
  case State::cut_off:
    if (!quiet && node.pulse.ever_heard())
      enter(name, node, State::alive,
            node.health.state == State::cut_off ? "heard again after a partition" : "heard");
    break;
  case State::dead:
    if (!quiet) {
      node.stable_since = listened_;
      enter(name, node, State::returning,
            fmt::format("heard again; used when it has been stable for {}", seconds(needed(node))));
    }
    break;
  case State::returning:
    if (silence >= node.pulse.death()) {
      die(name, node);
    } else if (quiet) {
      node.stable_since = listened_;
    } else if (listened_ - node.stable_since >= needed(node)) {
      enter(name, node, State::alive, fmt::format("stable for {}", seconds(needed(node))));
      node.stable_since = listened_;
    }
    break;
  }
}

/// Nodes whose silence is no sign of a death, and why.
std::map<std::string, std::string, std::less<>> Detector::held() const {
  struct Count {
    size_t all = 0, gone = 0;
  };
  Count fleet;
  std::map<std::string, Count> sites;
  std::vector<std::pair<const std::string *, const Node *>> quiet;
  for (const auto &[name, node] : nodes_) {
    const State state = node.health.state;
    const bool waits = state == State::suspect || state == State::cut_off;
    const bool recent = state == State::dead && listened_ - node.died < settings_.at_once;
    if ((lost(state) && !recent) || (node.replaced && !node.pulse.ever_heard()))
      continue; // it was gone before, and says nothing about now
    for (Count *count : {&fleet, &sites[node.site]}) {
      ++count->all;
      count->gone += waits || recent;
    }
    if (waits)
      quiet.emplace_back(&name, &node);
  }
  std::string why;
  if (fleet.all >= 2 && fleet.gone == fleet.all)
    why = "nobody is heard";
  else if (fleet.all >= settings_.large &&
           static_cast<double>(fleet.gone) > settings_.share * static_cast<double>(fleet.all))
    why = fmt::format("{} of {} nodes are silent at once", fleet.gone, fleet.all);
  std::map<std::string, std::string, std::less<>> result;
  for (const auto &[name, node] : quiet) {
    const Count &site = sites[node->site];
    if (!why.empty())
      result[*name] = why + ": taken for a partition";
    else if (!node->site.empty() && site.all >= 2 && site.gone == site.all)
      result[*name] =
          fmt::format("the whole site {} is silent at once: taken for a partition", node->site);
  }
  return result;
}

void Detector::judge_silence() {
  const auto held_back = held();
  for (auto &[name, node] : nodes_) {
    const State state = node.health.state;
    if (state != State::suspect && state != State::cut_off)
      continue;
    const auto held = held_back.find(name);
    if (held != held_back.end()) {
      if (state != State::cut_off)
        enter(name, node, State::cut_off, held->second);
    } else if (state == State::cut_off) {
      node.not_before = listened_ + settings_.after_partition;
      enter(name, node, State::suspect, "others that were cut off with it are heard again");
    } else if (listened_ >= node.not_before &&
               node.pulse.silence(listened_) >= node.pulse.death()) {
      die(name, node);
    }
  }
}

std::vector<Change> Detector::tick(Ms now) {
  advance(now);
  if (!std::exchange(paused_, false) && connected_) {
    bool overdue = false;
    for (auto &[name, node] : nodes_) {
      follow(name, node);
      overdue = overdue ||
                (!lost(node.health.state) && node.pulse.silence(listened_) >= node.pulse.death());
    }
    if (overdue)
      judge_silence();
  }
  return std::exchange(changes_, {});
}

const NodeHealth *Detector::find(llvm::StringRef node) const {
  const auto entry = nodes_.find(std::string_view(node));
  return entry == nodes_.end() ? nullptr : &entry->second.health;
}

std::vector<std::string> Detector::lost_nodes() const {
  std::vector<std::string> names;
  for (const auto &[name, node] : nodes_)
    if (lost(node.health.state))
      names.push_back(name);
  return names;
}

} // namespace nemo::health
