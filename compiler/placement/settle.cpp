#include "compiler/placement/settle.h"

#include <algorithm>
#include <map>

#include "base/clock.h"
#include "compiler/explain/texts.h"

namespace nemo::placement {

namespace {

class Settling {
public:
  Settling(Problem &problem, const Budget &budget) : problem_(problem), budget_(budget) {}

  llvm::Expected<Assignment> run(const Hysteresis &hysteresis) {
    std::vector<size_t> dwelling;
    for (size_t r = 0; r < hysteresis.dwells.size(); ++r)
      if (!hysteresis.dwells[r].empty() && may_stay(r))
        dwelling.push_back(r);
    auto found = hold(dwelling, stages::Restriction::DWELL);
    if (!found || !hysteresis.most)
      return found;
    const size_t forced = moved(*found, [&](size_t r) { return !may_stay(r); }).size();
    std::vector<size_t> moving = moved(*found, [&](size_t r) { return may_stay(r); });
    const uint64_t used = hysteresis.recent + forced;
    const size_t left = *hysteresis.most > used ? *hysteresis.most - used : 0;
    if (moving.size() <= left)
      return found;
    std::stable_sort(moving.begin(), moving.end(),
                     [&](size_t a, size_t b) { return saving(a, *found) > saving(b, *found); });
    std::vector<char> goes(problem_.replicas.size());
    for (size_t i = 0; i < left; ++i)
      goes[moving[i]] = 1;
    std::vector<size_t> held;
    for (size_t r = 0; r < problem_.replicas.size(); ++r)
      if (!goes[r] && !problem_.replicas[r].pinned && may_stay(r))
        held.push_back(r);
    return hold(held, stages::Restriction::MOVES, &*found);
  }

private:
  bool may_stay(size_t r) const {
    const Replica &replica = problem_.replicas[r];
    if (replica.home == nowhere)
      return false;
    for (const Clause &clause : problem_.needs[replica.need].clauses)
      if (clause.excluded != UINT32_MAX && problem_.sets[clause.excluded].test(index(replica.home)))
        return false;
    for (const Clause &clause : replica.barred)
      if (problem_.sets[clause.excluded].test(index(replica.home)))
        return false;
    return true;
  }

  template <typename Which>
  std::vector<size_t> moved(const Assignment &assignment, Which which) const {
    std::vector<size_t> list;
    for (size_t r = 0; r < problem_.replicas.size(); ++r)
      if (problem_.replicas[r].home != nowhere &&
          problem_.replicas[r].home != assignment.node_of_replica[r] && which(r))
        list.push_back(r);
    return list;
  }

  int64_t saving(size_t r, const Assignment &assignment) const {
    const Replica &replica = problem_.replicas[r];
    const Need &need = problem_.needs[replica.need];
    return cost(problem_, need, index(replica.home)) -
           cost(problem_, need, index(assignment.node_of_replica[r]));
  }

  void pin(size_t r, stages::Restriction::Kind kind) {
    Replica &replica = problem_.replicas[r];
    const auto [set, fresh] =
        only_.try_emplace(index(replica.home), static_cast<uint32_t>(problem_.sets.size()));
    if (fresh) {
      NodeBits excluded(problem_.nodes, true);
      excluded.reset(index(replica.home));
      problem_.sets.push_back(std::move(excluded));
    }
    stages::Restriction restriction;
    restriction.set_kind(kind);
    restriction.set_block(replica.need);
    replica.pinned = Clause{restriction, set->second};
  }

  /// \param free  a placement without holding them, where one is known
  llvm::Expected<Assignment> hold(const std::vector<size_t> &replicas,
                                  stages::Restriction::Kind kind,
                                  const Assignment *free = nullptr) {
    std::vector<size_t> held;
    for (size_t r : replicas)
      if (!problem_.replicas[r].pinned) {
        pin(r, kind);
        held.push_back(r);
      }
    auto best = place(problem_, budget_);
    if (best || held.empty())
      return best;
    llvm::consumeError(best.takeError());
    for (size_t r : held)
      problem_.replicas[r].pinned.reset();
    auto without = free ? llvm::Expected<Assignment>(*free) : place(problem_, budget_);
    if (!without)
      return without;
    // Those that stay anyway are no trouble; the others are tried one after the other.
    std::vector<size_t> leaving;
    for (size_t r : held)
      if (without->node_of_replica[r] == problem_.replicas[r].home)
        pin(r, kind);
      else
        leaving.push_back(r);
    for (size_t r : leaving) {
      pin(r, kind);
      if (auto again = place(problem_, budget_)) {
        without = std::move(again);
        continue;
      } else {
        llvm::consumeError(again.takeError());
      }
      problem_.replicas[r].pinned.reset();
    }
    return without;
  }

  Problem &problem_;
  const Budget &budget_;
  std::map<size_t, uint32_t> only_; ///< the set that leaves one node
};

} // namespace

Hysteresis hysteresis_of(const stages::Inputs &inputs, const stages::Resolved &resolved,
                         const compiler::Jobs &jobs) {
  Hysteresis result;
  const proto::Intent &intent = inputs.intent();
  for (const proto::Objective &objective : intent.objectives())
    if (objective.has_max_moves_per_hour())
      result.most = std::min(result.most.value_or(UINT32_MAX), objective.max_moves_per_hour());
  const auto at = from_rfc3339(inputs.fleet().at());
  const auto ago = [&](const stages::Existing &there) -> std::optional<int64_t> {
    const auto since = from_rfc3339(there.since());
    if (!at || !since)
      return std::nullopt;
    return std::chrono::duration_cast<std::chrono::milliseconds>(*at - *since).count();
  };
  std::map<std::pair<std::string, uint32_t>, const stages::Existing *> homes;
  std::map<std::string, bool> nodes;
  for (const proto::Node &node : resolved.world().nodes())
    nodes.emplace(node.name(), true);
  for (const stages::Existing &there : resolved.existing())
    if (!there.retiring() && !there.finished() && nodes.count(there.node()))
      homes.try_emplace({there.workload(), there.replica()}, &there);
  constexpr int64_t hour = 3'600'000;
  for (const auto &[name, there] : homes)
    if (const auto time = ago(*there); time && *time < hour)
      ++result.recent;
  for (const stages::Replica &replica : resolved.replicas()) {
    const proto::Workload &workload = intent.workloads(static_cast<int>(replica.workload()));
    std::string &why = result.dwells.emplace_back();
    if (const compiler::Jobs::Told *told = jobs.told(workload.name(), replica.number());
        told && told->begun && jobs.is_job(replica.workload())) {
      why = explain::job_begun(told->text);
      continue;
    }
    const auto home = homes.find({workload.name(), replica.number()});
    if (workload.dwell_ms() == 0 || home == homes.end())
      continue;
    const auto time = ago(*home->second);
    if (!time || *time < static_cast<int64_t>(workload.dwell_ms()))
      why = explain::dwells(time, workload.dwell_ms());
  }
  return result;
}

std::vector<std::string> Hysteresis::held(const Problem &problem,
                                          const Assignment &assignment) const {
  std::vector<std::string> why = dwells;
  uint64_t arriving = recent;
  for (size_t r = 0; r < problem.replicas.size(); ++r)
    arriving += problem.replicas[r].home != nowhere &&
                problem.replicas[r].home != assignment.node_of_replica[r];
  if (most && arriving >= *most)
    for (std::string &text : why)
      if (text.empty())
        text = explain::moves_spent(*most);
  return why;
}

llvm::Expected<Assignment> place_settled(Problem &problem, const Budget &budget,
                                         const Hysteresis &hysteresis) {
  return Settling(problem, budget).run(hysteresis);
}

} // namespace nemo::placement
