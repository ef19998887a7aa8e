#include "compiler/migration/stuck.h"

#include <set>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/resolve/report.h"

namespace nemo::compiler {

namespace {

std::string without(llvm::StringRef handover) {
  handover.consume_front("stop-first: ");
  return handover.str();
}

} // namespace

std::string Stuck::name(size_t old) const {
  const stages::Existing &there = *schedule_.changes_.olds[old].there;
  return explain::replica(there.workload(), there.replica());
}

// Old ones that would stop now but for a budget: their own turn has come, or somebody waits for
// what they hold.
std::vector<Stuck::Held> Stuck::held_by_budgets() const {
  std::vector<Held> list;
  std::set<uint32_t> told;
  auto add = [&](size_t old, const std::string &why) {
    const auto next = schedule_.waits_.successor(old);
    if (!next || schedule_.may_go(old))
      return;
    const uint32_t w = schedule_.wanted_.replicas[*next].workload;
    if (schedule_.inputs_.intent().workloads(static_cast<int>(w)).has_budget() &&
        told.insert(w).second)
      list.push_back({old, why});
  };
  for (size_t o : schedule_.pending_old_)
    if (const auto &hinders = schedule_.changes_.olds[o].hinders;
        hinders && schedule_.all_hold(schedule_.waits_.stop[o]))
      add(o, *hinders);
  for (size_t r : schedule_.pending_new_)
    for (const Schedule::Blocked &blocked : schedule_.blocked_by(r))
      add(blocked.old, blocked.why);
  return list;
}

Diagnostic Stuck::budget(const Held &held) const {
  const size_t next = *schedule_.waits_.successor(held.old);
  const uint32_t w = schedule_.wanted_.replicas[next].workload;
  const proto::Intent &intent = schedule_.inputs_.intent();
  const proto::Workload &workload = intent.workloads(static_cast<int>(w));
  const Change &change = schedule_.waits_.change_of(next);
  const uint32_t all = workload.replicas_min(), least = workload.budget().least_up();
  Diagnostic fault = report(diag::N0757,
                            fmt::format("this would {} {} and keep fewer of {} up than its budget",
                                        change.verb, name(held.old), workload.name()),
                            intent, workload.budget().span());
  fault.notes.push_back(note(
      fmt::format("{}: {} of {} stay up, and {} {} up at that step", workload.budget().text(),
                  least, all, schedule_.serving_[w], schedule_.serving_[w] == 1 ? "is" : "are")));
  fault.notes.push_back(note(fmt::format("{} has to stop before its successor serves: {}",
                                         name(held.old), without(held.why))));
  fault.fix = least == all ? fmt::format("allow one to be down: max-unavailable = 1{}",
                                         all == 1 ? "" : ", or add a replica")
                           : "let fewer replicas stay up, or bring back those that are down";
  return fault;
}

// What one that is to start or to stop waits for, as far as one line tells it.
std::string Stuck::waiting(const std::vector<Wait> &waits) const {
  for (const Wait &wait : waits)
    if (!schedule_.holds(wait)) {
      if (wait.what == Wait::For::stopped)
        return fmt::format("until {} has stopped on {}", name(wait.at),
                           schedule_.changes_.olds[wait.at].there->node());
      const Change &change = schedule_.waits_.change_of(wait.at);
      return fmt::format("until {} serves on {}", explain::replica(change.workload, change.replica),
                         change.node);
    }
  return {};
}

Diagnostic Stuck::circle() const {
  Diagnostic fault = diag::make(diag::N0758, "no order of these changes fits at every step");
  constexpr size_t most = 8;
  auto tell = [&](std::string text) {
    if (fault.notes.size() < most)
      fault.notes.push_back(note(std::move(text)));
  };
  std::optional<uint32_t> in_the_way; ///< a workload of which none may go
  for (size_t r : schedule_.pending_new_) {
    const Change &change = schedule_.waits_.change_of(r);
    std::string what = waiting(schedule_.waits_.start[r]);
    if (what.empty()) {
      std::vector<std::string> others;
      for (size_t o : schedule_.rooms_.in_the_way(r))
        others.push_back(name(o));
      what = fmt::format("for room on {}, where {} still {}", change.node, enumerate(others),
                         others.size() == 1 ? "runs" : "run");
    }
    tell(fmt::format("{} waits {}", explain::replica(change.workload, change.replica), what));
    for (const Schedule::Blocked &blocked : schedule_.blocked_by(r))
      if (const auto next = schedule_.waits_.successor(blocked.old);
          next && !in_the_way && !schedule_.may_go(blocked.old))
        in_the_way = schedule_.wanted_.replicas[*next].workload;
  }
  for (size_t o : schedule_.pending_old_) {
    const std::string what = waiting(schedule_.waits_.stop[o]);
    tell(fmt::format("{} on {} {}", name(o), schedule_.changes_.olds[o].there->node(),
                     what.empty() ? "stays: no other replica of its workload is up"
                                  : "runs " + what));
  }
  fault.fix = "make room on one of these nodes";
  if (!in_the_way && !schedule_.pending_new_.empty())
    in_the_way = schedule_.wanted_.replicas[schedule_.pending_new_.front()].workload;
  if (in_the_way) {
    const proto::Workload &workload =
        schedule_.inputs_.intent().workloads(static_cast<int>(*in_the_way));
    fault.fix += fmt::format(
        ", or let all of workload {} be down for a moment: rollout {{ max-unavailable = {} }}",
        workload.name(), workload.replicas_min());
  }
  return fault;
}

std::vector<Diagnostic> Stuck::told() const {
  std::vector<Diagnostic> out;
  for (const Held &held : held_by_budgets())
    out.push_back(budget(held));
  if (out.empty())
    out.push_back(circle());
  return out;
}

} // namespace nemo::compiler
