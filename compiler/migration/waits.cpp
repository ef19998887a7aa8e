// A roll has a window: with a budget as many change at a time as may be down, else one. Who does
// not serve now, because its node is lost or because it is new, stands outside the roll: nothing is
// kept up by its waiting. Where a budget counts who is up, the roll waits for those. It goes by
// number, but one that moves to where another of the same workload is leaves that the way first.
#include "compiler/migration/waits.h"

#include <algorithm>
#include <map>

#include "compiler/explain/texts.h"

namespace nemo::compiler {

Waits::Waits(const stages::Inputs &inputs, const WantedReplicas &wanted, Changes &changes)
    : start(wanted.replicas.size()), stop(changes.olds.size()), inputs_(inputs), wanted_(wanted),
      changes_(changes), renames_(inputs.intent()),
      roll_(static_cast<size_t>(inputs.intent().workloads_size())), idle_(roll_.size()),
      place_in_roll_(wanted.replicas.size()) {
  for (size_t r = 0; r < wanted.replicas.size(); ++r) {
    const uint32_t w = wanted.replicas[r].workload;
    const std::vector<size_t> &olds = change_of(r).olds;
    const bool serves = change_of(r).runs || std::any_of(olds.begin(), olds.end(), [&](size_t o) {
                          return changes.olds[o].reachable;
                        });
    if (!serves)
      idle_[w].push_back(r);
    if (rolls(r))
      roll_[w].push_back(r);
  }
  for (std::vector<size_t> &roll : roll_)
    roll = in_turn(roll);
  ports();
  exclusive();
  for (size_t r = 0; r < start.size(); ++r) {
    needed(r, start[r]);
    before_in_roll(r, start[r]);
    for (size_t o : change_of(r).olds)
      if (changes_.olds[o].hinders && changes_.olds[o].reachable)
        start[r].push_back({Wait::For::stopped, o});
  }
  for (size_t o = 0; o < stop.size(); ++o)
    if (const auto next = successor(o))
      stop[o] =
          changes_.olds[o].hinders ? turn(o, true) : std::vector<Wait>{{Wait::For::healthy, *next}};
  users_first();
}

std::optional<size_t> Waits::successor(size_t old) const {
  const Wanted *wanted = changes_.changes[changes_.olds[old].change].wanted;
  return wanted ? std::optional<size_t>(wanted - wanted_.replicas.data()) : std::nullopt;
}

bool Waits::rolls(size_t replica) const {
  const Change &change = change_of(replica);
  return (change.verb == "replace" || change.verb == "move") &&
         std::any_of(change.olds.begin(), change.olds.end(),
                     [&](size_t o) { return changes_.olds[o].reachable; });
}

// A fixed port that an old instance holds where another replica is about to need it.
void Waits::ports() {
  std::map<std::pair<std::string, uint32_t>, size_t> needed;
  for (size_t r = 0; r < start.size(); ++r)
    if (!explain::stays(change_of(r).verb))
      for (uint32_t port : fixed_ports(wanted_.replicas[r].spec))
        needed.emplace(std::make_pair(wanted_.replicas[r].node, port), r);
  for (size_t o = 0; o < stop.size(); ++o) {
    const Old &old = changes_.olds[o];
    std::set<size_t> holds_up;
    for (uint32_t port : fixed_ports(old.there->spec()))
      if (auto by = needed.find({old.there->node(), port});
          by != needed.end() && changes_.change_of_wanted[by->second] != old.change &&
          old.reachable && holds_up.insert(by->second).second)
        hold(by->second, o);
  }
}

// An exclusive one starts where nobody else is left, and nobody starts beside one.
void Waits::exclusive() {
  std::map<std::string, std::vector<size_t>> coming;
  for (size_t r = 0; r < start.size(); ++r)
    if (!change_of(r).runs)
      coming[wanted_.replicas[r].node].push_back(r);
  for (size_t o = 0; o < stop.size(); ++o) {
    const Old &old = changes_.olds[o];
    const auto here = coming.find(old.there->node());
    if (!old.reachable || here == coming.end())
      continue;
    for (size_t r : here->second) {
      const bool waits = std::any_of(start[r].begin(), start[r].end(), [&](const Wait &wait) {
        return wait.what == Wait::For::stopped && wait.at == o;
      });
      if (excludes(r, o) && !waits)
        hold(r, o);
    }
  }
}

bool Waits::excludes(size_t replica, size_t old) const {
  const stages::Existing &there = *changes_.olds[old].there;
  const Wanted &one = wanted_.replicas[replica];
  return (one.spec.exclusive() || there.spec().exclusive()) && one.node == there.node() &&
         change_of(replica).workload != there.workload();
}

void Waits::hold(size_t replica, size_t old) {
  start[replica].push_back({Wait::For::stopped, old});
}

void Waits::needed(size_t replica, std::vector<Wait> &list) const {
  for (uint32_t before : wanted_.after[wanted_.replicas[replica].workload])
    for (const Standing &peer : wanted_.standing[before])
      list.push_back(peer.replica ? Wait{Wait::For::healthy, *peer.replica}
                                  : Wait{Wait::For::left, 0, peer.frozen});
}

std::vector<size_t> Waits::in_turn(const std::vector<size_t> &roll) {
  std::map<std::string, size_t> still_on; ///< how many are to leave a node
  const auto leaves = [&](size_t r) {
    std::set<std::string> nodes;
    for (size_t o : change_of(r).olds)
      if (changes_.olds[o].reachable && changes_.olds[o].there->node() != change_of(r).node)
        nodes.insert(changes_.olds[o].there->node());
    return nodes;
  };
  std::map<std::string, std::vector<size_t>> coming;
  for (size_t r : roll)
    for (const std::string &node : leaves(r))
      ++still_on[node];
  std::set<size_t> ready, waiting;
  for (size_t r : roll) {
    const auto held = still_on.find(change_of(r).node);
    (held == still_on.end() ? ready : waiting).insert(r);
    if (held != still_on.end())
      coming[held->first].push_back(r);
  }
  std::vector<size_t> order;
  while (!ready.empty() || !waiting.empty()) {
    // In a ring somebody has to begin.
    std::set<size_t> &from = ready.empty() ? waiting : ready;
    const size_t r = *from.begin();
    from.erase(from.begin());
    place_in_roll_[r] = order.size();
    order.push_back(r);
    for (const std::string &node : leaves(r))
      if (--still_on[node] == 0)
        for (size_t next : coming[node])
          if (waiting.erase(next) != 0)
            ready.insert(next);
  }
  return order;
}

void Waits::before_in_roll(size_t replica, std::vector<Wait> &list) const {
  if (!rolls(replica))
    return;
  const uint32_t w = wanted_.replicas[replica].workload;
  const proto::Workload &workload = inputs_.intent().workloads(static_cast<int>(w));
  const uint32_t all = workload.replicas_min(), kept = workload.budget().least_up();
  const size_t window = workload.has_budget() && all > kept ? all - kept : 1;
  if (const size_t place = place_in_roll_[replica]; place >= window)
    list.push_back({Wait::For::healthy, roll_[w][place - window]});
}

std::vector<Wait> Waits::turn(size_t old, bool all) const {
  std::vector<Wait> list;
  const std::optional<size_t> next = successor(old);
  if (!next)
    return list;
  if (all)
    needed(*next, list);
  before_in_roll(*next, list);
  const uint32_t w = wanted_.replicas[*next].workload;
  if (inputs_.intent().workloads(static_cast<int>(w)).has_budget())
    for (size_t idle : idle_[w])
      if (idle != *next)
        list.push_back({Wait::For::healthy, idle});
  return list;
}

void Waits::release(size_t old, std::string why, std::vector<Wait> waits) {
  changes_.olds[old].early = true;
  changes_.olds[old].hinders = std::move(why);
  stop[old] = std::move(waits);
  const std::optional<size_t> next = successor(old);
  if (next && !change_of(*next).runs &&
      wanted_.replicas[*next].node == changes_.olds[old].there->node())
    start[*next].push_back({Wait::For::stopped, old});
}

// Who waits for one that stops before its successor serves does not wait for the whole change.
std::vector<std::set<size_t>> Waits::after() const {
  std::vector<std::set<size_t>> after(changes_.changes.size());
  auto add = [&](size_t change, const Wait &wait) {
    if (wait.what == Wait::For::left ||
        (wait.what == Wait::For::stopped && changes_.olds[wait.at].hinders.has_value()))
      return;
    const size_t other = wait.what == Wait::For::healthy ? changes_.change_of_wanted[wait.at]
                                                         : changes_.olds[wait.at].change;
    if (change != other && !explain::stays(changes_.changes[other].verb))
      after[change].insert(other);
  };
  // What has started already waits for nobody, whatever is still to stop.
  for (size_t r = 0; r < start.size(); ++r)
    if (!change_of(r).runs || explain::stays(change_of(r).verb))
      for (const Wait &wait : start[r])
        add(changes_.change_of_wanted[r], wait);
  for (size_t o = 0; o < stop.size(); ++o) {
    const Change &change = changes_.changes[changes_.olds[o].change];
    if (changes_.olds[o].reachable && !change.runs &&
        (change.verb == "delete" || changes_.olds[o].hinders))
      for (const Wait &wait : stop[o])
        add(changes_.olds[o].change, wait);
  }
  return after;
}

// Whoever was given an old one's address goes before it does. What old specifications say may be
// anything, also a circle: those in one are not ordered.
void Waits::users_first() {
  const std::vector<Old> &list = changes_.olds;
  std::map<std::pair<std::string, uint32_t>, std::vector<size_t>> serving;
  for (size_t o = 0; o < list.size(); ++o)
    if (list[o].reachable)
      serving[{list[o].there->workload(), list[o].there->replica()}].push_back(o);
  std::vector<std::set<size_t>> users(list.size()), used(list.size());
  auto uses = [&](size_t user, const std::string &workload, uint32_t replica) {
    auto found = serving.find({workload, replica});
    if (found == serving.end())
      return;
    for (size_t o : found->second)
      if (o != user) {
        users[o].insert(user);
        used[user].insert(o);
      }
  };
  for (size_t o = 0; o < list.size(); ++o) {
    const Old &old = list[o];
    if (!old.reachable)
      continue;
    for (const proto::Peer &peer : old.there->spec().peers())
      uses(o, renames_.now(peer.workload()), peer.replica());
    if (!old.there->has_spec())
      for (const proto::Workload &workload : inputs_.intent().workloads())
        if (workload.name() == old.there->workload())
          for (const std::string &before : workload.after())
            for (uint32_t number = 0; number < 64; ++number)
              uses(o, before, number);
  }
  std::vector<size_t> open(list.size()), ready;
  for (size_t o = 0; o < list.size(); ++o)
    if ((open[o] = users[o].size()) == 0)
      ready.push_back(o);
  while (!ready.empty()) {
    size_t user = ready.back();
    ready.pop_back();
    for (size_t o : used[user])
      if (--open[o] == 0)
        ready.push_back(o);
  }
  for (size_t o = 0; o < list.size(); ++o) {
    if (open[o] != 0 || list[o].hinders)
      continue;
    for (size_t user : users[o])
      stop[o].push_back({Wait::For::stopped, user});
  }
}

} // namespace nemo::compiler
