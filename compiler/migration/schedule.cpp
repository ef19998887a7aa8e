#include "compiler/migration/schedule.h"

#include <algorithm>

#include "compiler/explain/texts.h"
#include "compiler/migration/stuck.h"

namespace nemo::compiler {

Schedule::Schedule(const stages::Inputs &inputs, const stages::Resolved &resolved,
                   const WantedReplicas &wanted, Changes &changes, Waits &waits)
    : inputs_(inputs), wanted_(wanted), changes_(changes), waits_(waits),
      rooms_(inputs, resolved, wanted, changes), started_(wanted.replicas.size()),
      there_(changes.olds.size()), up_(wanted.replicas.size()),
      serving_(static_cast<size_t>(inputs.intent().workloads_size())), least_(serving_.size()) {
  for (const Change &change : changes.changes)
    if (change.wanted) {
      const size_t r = static_cast<size_t>(change.wanted - wanted.replicas.data());
      if ((started_[r] = change.runs))
        set_up(r, 1);
      else
        pending_new_.push_back(r);
    }
  for (size_t o = 0; o < changes.olds.size(); ++o)
    if ((there_[o] = changes.olds[o].reachable)) {
      pending_old_.push_back(o);
      if (const auto next = waits.successor(o))
        set_up(*next, 1);
    }
  for (size_t w = 0; w < serving_.size(); ++w) {
    for (const Standing &one : wanted.standing[w])
      serving_[w] += !one.replica;
    const proto::Workload &workload = inputs.intent().workloads(static_cast<int>(w));
    least_[w] = workload.has_budget() ? static_cast<int>(workload.budget().least_up())
                                      : (serving_[w] > 1 ? 1 : 0);
  }
}

void Schedule::set_up(size_t replica, int by) {
  int &serving = serving_[wanted_.replicas[replica].workload];
  serving -= up_[replica] > 0;
  up_[replica] += by;
  serving += up_[replica] > 0;
}

bool Schedule::holds(const Wait &wait) const {
  switch (wait.what) {
  case Wait::For::healthy:
    return started_[wait.at] != 0;
  case Wait::For::stopped:
    return there_[wait.at] == 0;
  case Wait::For::left:
    return true;
  }
  return false;
}

bool Schedule::all_hold(const std::vector<Wait> &waits) const {
  return std::all_of(waits.begin(), waits.end(), [&](const Wait &wait) { return holds(wait); });
}

bool Schedule::may_go(size_t old) const {
  const auto next = waits_.successor(old);
  if (!next || up_[*next] > 1)
    return true;
  const uint32_t w = wanted_.replicas[*next].workload;
  return serving_[w] - 1 >= least_[w];
}

std::vector<size_t> Schedule::own(size_t replica) const {
  std::vector<size_t> list;
  for (const Wait &wait : waits_.start[replica])
    if (wait.what == Wait::For::stopped)
      list.push_back(wait.at);
  return list;
}

bool Schedule::try_stop(size_t old) {
  if (!there_[old] || !all_hold(waits_.stop[old]) || !may_go(old))
    return false;
  there_[old] = 0;
  if (const auto next = waits_.successor(old))
    set_up(*next, -1);
  rooms_.stopped(old);
  return true;
}

bool Schedule::try_start(size_t replica) {
  bool progress = false;
  for (size_t o : waits_.change_of(replica).olds)
    progress |= try_stop(o);
  if (started_[replica] || !all_hold(waits_.start[replica]))
    return progress;
  const auto awaited = rooms_.admit(replica, own(replica));
  if (!awaited)
    return progress;
  for (size_t o : *awaited)
    waits_.hold(replica, o);
  started_[replica] = 1;
  set_up(replica, 1);
  for (size_t o : waits_.change_of(replica).olds)
    try_stop(o);
  return true;
}

// Why a new one cannot start although whoever comes before it serves: old ones that hold its port
// or its room and wait for their own successors.
std::vector<Schedule::Blocked> Schedule::blocked_by(size_t replica) const {
  std::vector<Blocked> list;
  for (const Wait &wait : waits_.start[replica]) {
    if (holds(wait))
      continue;
    if (wait.what != Wait::For::stopped)
      return {};
    const Old &old = changes_.olds[wait.at];
    if (!old.hinders)
      for (uint32_t port : fixed_ports(old.there->spec()))
        for (uint32_t needed : fixed_ports(wanted_.replicas[replica].spec))
          if (port == needed && (list.empty() || list.back().old != wait.at))
            list.push_back({wait.at, explain::stop_first_port(port)});
    if (!old.hinders && waits_.excludes(replica, wait.at) &&
        (list.empty() || list.back().old != wait.at))
      list.push_back({wait.at, explain::stop_first_exclusive(old.there->node())});
  }
  if (!list.empty() || !all_hold(waits_.start[replica]))
    return list;
  for (size_t o : rooms_.in_the_way(replica))
    if (!changes_.olds[o].hinders)
      list.push_back({o, explain::stop_first_room(wanted_.replicas[replica].node)});
  // First what this one follows, then what goes for good.
  std::stable_sort(list.begin(), list.end(), [&](const Blocked &a, const Blocked &b) {
    auto rank = [&](size_t o) {
      const auto next = waits_.successor(o);
      return !next ? 1 : *next == replica ? 0 : 2;
    };
    return rank(a.old) < rank(b.old);
  });
  return list;
}

bool Schedule::break_circle() {
  for (size_t replica : pending_new_)
    for (Blocked &blocked : blocked_by(replica)) {
      if (!may_go(blocked.old))
        continue;
      std::vector<Wait> waits = waits_.turn(blocked.old, true);
      if (!all_hold(waits))
        waits = waits_.turn(blocked.old, false);
      if (!all_hold(waits))
        continue;
      waits_.release(blocked.old, std::move(blocked.why), std::move(waits));
      try_stop(blocked.old);
      return true;
    }
  return false;
}

std::vector<Diagnostic> Schedule::run() {
  while (true) {
    bool progress = false;
    for (size_t o : pending_old_)
      progress |= try_stop(o);
    for (size_t r : pending_new_)
      progress |= try_start(r);
    std::erase_if(pending_old_, [&](size_t o) { return !there_[o]; });
    std::erase_if(pending_new_, [&](size_t r) { return started_[r]; });
    if (pending_old_.empty() && pending_new_.empty())
      return {};
    if (!progress && !break_circle())
      return Stuck(*this).told();
  }
}

} // namespace nemo::compiler
