// Doubles while something is missed, then halves the interval workload by workload. Every step is a
// whole placement, as figures depend on where replicas stand.
#include "compiler/pipeline/replicas.h"

#include <algorithm>
#include <map>
#include <set>

#include "compiler/placement/assign.h"
#include "compiler/plan/assemble/expectations.h"
#include "compiler/policy/policy.h"
#include "compiler/resolve/resolve.h"
#include "compiler/resolve/selection.h"
#include "llvm/ADT/StringRef.h"

namespace nemo::compiler {

namespace {

// What a budget lets be down stays the same of more replicas; a share of them grows.
void decide(proto::Workload &workload, uint32_t count) {
  if (workload.has_budget()) {
    proto::Budget &budget = *workload.mutable_budget();
    const llvm::StringRef said = budget.text();
    if (said == "quorum = majority")
      budget.set_least_up(count / 2 + 1);
    else if (!said.startswith("min-available"))
      budget.set_least_up(count + budget.least_up() -
                          std::min(workload.replicas_min(), count + budget.least_up()));
    budget.set_least_up(std::min(budget.least_up(), count));
  }
  if (const uint32_t least = workload.place().min_domains();
      least != 0 && count < workload.replicas_min()) // each that waits may be in one more
    workload.mutable_place()->set_min_domains(
        std::max<uint32_t>(count + least, workload.replicas_min() + 1) - workload.replicas_min());
  if (count < workload.replicas_min()) // the others wait: no range is left to decide
    workload.set_replicas_max(count);
  workload.set_replicas_min(count);
}

using Counts = google::protobuf::RepeatedField<uint32_t>;

/// Figures that more replicas can mend; they cost more and draw more power.
bool mendable(llvm::StringRef name) {
  return name == "availability" || name == "throughput" || name == "downtime" ||
         name == "error.rate" || name.startswith("latency");
}

class Deciding {
public:
  Deciding(stages::Stages &state, const placement::Watch &watch)
      : state_(state), intent_(state.inputs().intent()), watch_(watch) {
    for (int w = 0; w < intent_.workloads_size(); ++w) {
      fewest_.Add(intent_.workloads(w).replicas_min());
      index_.emplace(intent_.workloads(w).name(), w);
    }
  }

  void run(std::vector<Diagnostic> &diagnostics) {
    Counts counts = is_selective(state_.inputs()) ? as_many_as_there_are() : grown();
    if (std::equal(counts.begin(), counts.end(), fewest_.begin())) {
      *state_.mutable_placement()->mutable_counts() = counts;
      return;
    }
    Trial last = attempt(counts, watch_);
    *state_.mutable_resolved() = std::move(last.resolved);
    *state_.mutable_policy() = std::move(last.admissible);
    *state_.mutable_placement() = std::move(last.placed);
    *state_.mutable_placement()->mutable_counts() = counts;
    diagnostics = std::move(last.diagnostics);
  }

private:
  struct Trial {
    stages::Resolved resolved;
    stages::Admissible admissible;
    stages::Placed placed;
    std::vector<Diagnostic> diagnostics;
    std::set<int> wanting; ///< workloads that may have more, and that something misses
    bool missed = false;   ///< something is, whether or not more could mend it
  };

  Trial attempt(const Counts &counts, const placement::Watch &watch) const {
    const stages::Inputs inputs = with_replicas(state_.inputs(), counts);
    Trial trial;
    trial.resolved = resolve_again(inputs, state_.resolved());
    trial.admissible = judge_policies(inputs, trial.resolved).admissible;
    placement::Result placed = placement::assign(inputs, trial.resolved, trial.admissible, watch);
    trial.placed = std::move(placed.placed);
    trial.diagnostics = std::move(placed.diagnostics);
    if (has_errors(trial.diagnostics))
      return trial;
    look(inputs, counts, trial);
    return trial;
  }

  void look(const stages::Inputs &inputs, const Counts &counts, Trial &trial) const {
    for (const proto::Expectation &entry :
         expectations(inputs, trial.resolved, trial.placed).expectations) {
      // Bounds that do not decide it are not enough.
      const bool open = !entry.has_met() && entry.has_predicted_low();
      if (entry.verb() == "prefer" || !mendable(entry.name()) ||
          !(open || (entry.has_met() && !entry.met())))
        continue;
      trial.missed = true;
      for (int w : concerned(entry.object(), counts))
        trial.wanting.insert(w);
    }
  }

  /// Those of the object that may have more replicas; else those that they need and that may.
  std::vector<int> concerned(llvm::StringRef object, const Counts &counts) const {
    std::set<int> seen;
    std::vector<int> round;
    auto add = [&](const std::string &name) {
      if (const auto known = index_.find(name); known != index_.end())
        if (seen.insert(known->second).second)
          round.push_back(known->second);
    };
    const auto [kind, name] = object.split('.');
    if (kind == "workload")
      add(name.str());
    else if (kind == "policy")
      for (const proto::Workload &workload : intent_.workloads())
        add(workload.name());
    while (!round.empty()) {
      std::vector<int> able;
      std::copy_if(round.begin(), round.end(), std::back_inserter(able),
                   [&](int w) { return counts[w] < intent_.workloads(w).replicas_max(); });
      if (!able.empty())
        return able;
      for (int w : std::exchange(round, {}))
        for (const std::string &needed : intent_.workloads(w).after())
          add(needed);
    }
    return {};
  }

  Counts grown() const {
    placement::Watch unwatched;
    unwatched.stop = watch_.stop;
    Counts counts = fewest_;
    for (int w = 0; w < counts.size(); ++w)
      counts[w] = std::max(counts[w], intent_.workloads(w).min_available());
    std::map<int, uint32_t> too_few;
    Trial trial;
    if (std::equal(counts.begin(), counts.end(), fewest_.begin())) {
      trial.resolved = state_.resolved();
      trial.placed = state_.placement();
      look(state_.inputs(), counts, trial);
    } else if (trial = attempt(counts, unwatched); has_errors(trial.diagnostics)) {
      return counts; // and the plan says why there is none
    }
    while (!trial.wanting.empty()) {
      Counts more = counts;
      for (int w : trial.wanting) {
        too_few[w] = counts[w];
        more[w] = static_cast<uint32_t>(
            std::min<uint64_t>(uint64_t{counts[w]} * 2, intent_.workloads(w).replicas_max()));
      }
      trial = attempt(more, unwatched);
      if (has_errors(trial.diagnostics)) // there is no room for so many
        return fewest_;
      counts = more;
    }
    if (trial.missed)
      return counts; // with as many as there may be, and the plan says so
    for (const auto &[w, few] : too_few)
      for (uint32_t low = few + 1, high = counts[w]; low < high;) {
        Counts fewer = counts;
        fewer[w] = low + (high - low) / 2;
        const Trial less = attempt(fewer, unwatched);
        if (has_errors(less.diagnostics) || less.missed) {
          low = fewer[w] + 1;
        } else {
          high = fewer[w];
          counts = fewer;
        }
      }
    return counts;
  }

  Counts as_many_as_there_are() const {
    Counts counts = fewest_;
    for (const auto *list : {&state_.resolved().existing(), &state_.resolved().frozen(),
                             &state_.resolved().finished()})
      for (const stages::Existing &there : *list)
        if (const auto known = index_.find(there.workload());
            known != index_.end() && !there.retiring()) {
          const uint32_t most = intent_.workloads(known->second).replicas_max();
          uint32_t &count = counts[known->second];
          count = std::max(count, there.replica() < most ? there.replica() + 1 : most);
        }
    return counts;
  }

  stages::Stages &state_;
  const proto::Intent &intent_;
  const placement::Watch &watch_;
  Counts fewest_;
  std::map<std::string, int> index_;
};

} // namespace

bool has_ranges(const proto::Intent &intent) {
  return std::any_of(intent.workloads().begin(), intent.workloads().end(),
                     [](const proto::Workload &workload) {
                       return workload.replicas_min() < workload.replicas_max();
                     });
}

stages::Inputs with_replicas(const stages::Inputs &inputs, const Counts &counts) {
  stages::Inputs result = inputs;
  for (int w = 0; w < counts.size(); ++w)
    decide(*result.mutable_intent()->mutable_workloads(w), counts[w]);
  return result;
}

stages::Resolved resolve_again(const stages::Inputs &inputs, const stages::Resolved &before) {
  proto::Fleet world = before.world(); // with what clusters keep awake
  stages::Resolved resolved = resolve(inputs, &before).resolved;
  *resolved.mutable_world() = std::move(world);
  return resolved;
}

void decide_replicas(stages::Stages &state, const placement::Watch &watch,
                     std::vector<Diagnostic> &diagnostics) {
  Deciding(state, watch).run(diagnostics);
}

} // namespace nemo::compiler
