#include "compiler/placement/timetable.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "compiler/placement/build_bonds.h"
#include "compiler/placement/figuring.h"

namespace nemo::placement {

using compiler::Jobs;
using compiler::Moment;
using compiler::Occupied;
using compiler::PartOfDay;

namespace {

constexpr size_t most_looked_at = 20'000; ///< starts on nodes, of all jobs

size_t part_at(const std::vector<PartOfDay> &day, uint32_t hour) {
  for (size_t part = 0; part < day.size(); ++part)
    if ((hour >= day[part].from && hour < day[part].to) ||
        (hour + 24 >= day[part].from && hour + 24 < day[part].to))
      return part;
  return 0;
}

/// Of processor (0) or memory (1) in a part of the day.
size_t resource_of(size_t part, size_t kind) {
  return part == 0 ? kind : resource_count + 2 * (part - 1) + kind;
}

/// Whether everything of `one` is in `other`.
bool within(const std::vector<bool> &one, const std::vector<bool> &other) {
  for (size_t i = 0; i < one.size(); ++i)
    if (one[i] && !other[i])
      return false;
  return true;
}

/// What runs on a node and when.
struct Stay {
  Occupied run;
  size_t need;
};

class Scheduling {
public:
  Scheduling(const proto::Intent &intent, const stages::Resolved &resolved,
             const std::vector<compiler::NodeView> &nodes, const compiler::Objective &objective,
             const Jobs &jobs, const Problem &problem, const std::vector<NodeId> &placed)
      : intent_(intent), resolved_(resolved), jobs_(jobs), problem_(problem),
        figuring_(intent, nodes, objective, jobs, problem, none_), room_(problem.room),
        on_(problem.nodes) {
    for (size_t r = 0; r < problem.replicas.size(); ++r)
      if (const size_t w = problem.replicas[r].need; !jobs.is_job(w))
        for (size_t k = 0; k < room_.size(); ++k)
          room_[k][index(placed[r])] -= problem.needs[w].demand[k];
  }

  std::vector<int64_t> run() {
    std::vector<int64_t> starts(problem_.needs.size());
    std::vector<size_t> order;
    for (size_t w = 0; w < starts.size(); ++w)
      if (jobs_.is_job(w) && problem_.needs[w].count > 0)
        order.push_back(w);
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      const bool told_a = jobs_.has_told(a), told_b = jobs_.has_told(b);
      return told_a != told_b ? told_a : size(a) > size(b);
    });
    for (size_t w : order)
      begun(w);
    const size_t most = std::clamp<size_t>(
        most_looked_at / std::max<size_t>(order.size() * problem_.nodes, 1), 4, 168);
    for (size_t w : order)
      starts[w] = place(w, jobs_.starts(w, most));
    return starts;
  }

private:
  Occupied run_at(size_t w, int64_t start) const {
    return {start, start + static_cast<int64_t>(jobs_.duration_ms(w))};
  }
  double size(size_t w) const {
    return static_cast<double>(problem_.needs[w].demand[0]) *
           static_cast<double>(jobs_.duration_ms(w));
  }
  bool has_begun(size_t r) const {
    return jobs_.has_begun(intent_.workloads(static_cast<int>(problem_.replicas[r].need)).name(),
                           resolved_.replicas(static_cast<int>(r)).number()) &&
           problem_.replicas[r].home != nowhere;
  }

  void begun(size_t w) {
    const Need &need = problem_.needs[w];
    for (uint32_t r = need.first; r < need.first + need.count; ++r)
      if (has_begun(r))
        on_[index(problem_.replicas[r].home)].push_back(
            {run_at(w, jobs_
                           .told(intent_.workloads(static_cast<int>(w)).name(),
                                 resolved_.replicas(static_cast<int>(r)).number())
                           ->start_ms),
             w});
  }

  bool fits(size_t w, size_t node, const Occupied &run) const {
    std::vector<Occupied> runs = {run};
    for (const Stay &stay : on_[node])
      if (stay.run.from < run.to && run.from < stay.run.to)
        runs.push_back(stay.run);
    for (const Moment &moment :
         compiler::moments(resolved_.world().at(), runs, problem_.parts.size() > 1)) {
      if (!run.at(moment.time))
        continue;
      const size_t part = part_at(problem_.parts, moment.hour);
      for (size_t kind : {0, 1}) {
        const size_t k = resource_of(part, kind);
        int64_t left = room_[k][node] - problem_.needs[w].demand[k];
        for (const Stay &stay : on_[node])
          if (stay.run.at(moment.time))
            left -= problem_.needs[stay.need].demand[k];
        if (left < 0)
          return false;
      }
    }
    return true;
  }

  int64_t place(size_t w, const std::vector<int64_t> &starts) {
    const Need &need = problem_.needs[w];
    NodeBits allowed(problem_.nodes, true);
    for (const Clause &clause : need.clauses)
      if (clause.excluded != UINT32_MAX)
        allowed.subtract(problem_.sets[clause.excluded]);
    uint32_t count = 0;
    for (uint32_t r = need.first; r < need.first + need.count; ++r)
      count += !has_begun(r);
    if (count == 0) // nobody takes another
      return jobs_
          .told(intent_.workloads(static_cast<int>(w)).name(),
                resolved_.replicas(static_cast<int>(need.first)).number())
          ->start_ms;
    struct Found {
      __int128 cost;
      int64_t start;
      std::vector<size_t> nodes;
    };
    std::optional<Found> best;
    const bool told = jobs_.has_told(w);
    for (int64_t start : starts) {
      const Occupied run = run_at(w, start);
      const compiler::Run priced{start, jobs_.duration_ms(w)};
      std::vector<std::pair<int64_t, size_t>> order;
      allowed.for_each([&](size_t node) {
        if (fits(w, node, run))
          order.emplace_back(figuring_.exactly(w, node, &priced).value_or(unknown_cost), node);
      });
      std::sort(order.begin(), order.end());
      Found found{0, start, {}};
      for (const auto &[cost, node] : order)
        while (found.nodes.size() < count && fits(w, node, run)) {
          found.cost += cost;
          found.nodes.push_back(node);
          on_[node].push_back({run, w});
          if (need.spread != Spread::none)
            break;
        }
      for (size_t node : found.nodes)
        on_[node].pop_back();
      if (found.nodes.size() == count && (!best || found.cost < best->cost))
        best = std::move(found);
      if (best && told && start == starts.front())
        break; // it keeps its time as long as it can
    }
    if (!best)
      return starts.front();
    for (size_t node : best->nodes)
      on_[node].push_back({run_at(w, best->start), w});
    return best->start;
  }

  const proto::Intent &intent_;
  const stages::Resolved &resolved_;
  const Jobs &jobs_;
  const Problem &problem_;
  const std::vector<Scarce> none_;
  const Figuring figuring_;
  std::vector<std::vector<int64_t>> room_; ///< beside services
  std::vector<std::vector<Stay>> on_;      ///< jobs, by node
};

} // namespace

std::vector<Slot> slots(const Jobs &jobs, const std::vector<PartOfDay> &day, const std::string &at,
                        const stages::Resolved &resolved) {
  std::set<uint32_t> there;
  for (const stages::Replica &replica : resolved.replicas())
    if (jobs.is_job(replica.workload()))
      there.insert(replica.workload());
  std::vector<Occupied> runs;
  std::vector<std::pair<uint32_t, std::vector<Occupied>>> held;
  for (uint32_t w : there)
    if (auto of = jobs.held(w)) {
      runs.insert(runs.end(), of->begin(), of->end());
      held.emplace_back(w, std::move(*of));
    }
  std::vector<Slot> list;
  std::vector<size_t> parts;
  for (const Moment &moment : compiler::moments(at, runs, day.size() > 1)) {
    const size_t part = part_at(day, moment.hour);
    Slot slot{day[part], std::vector<bool>(jobs.count())};
    for (const auto &[w, of] : held)
      slot.holds_room[w] = std::any_of(of.begin(), of.end(),
                                       [&](const Occupied &run) { return run.at(moment.time); });
    bool needed = true;
    for (size_t i = 0; i < list.size() && needed; ++i)
      needed = parts[i] != part || !within(slot.holds_room, list[i].holds_room);
    if (!needed)
      continue;
    for (size_t i = list.size(); i-- > 0;)
      if (parts[i] == part && within(list[i].holds_room, slot.holds_room)) {
        list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i));
      }
    list.push_back(std::move(slot));
    parts.push_back(part);
  }
  return list;
}

void hold_by_slot(Problem &problem, Need &need, size_t workload, const Jobs &jobs,
                  const std::vector<Slot> &slots, size_t all_day) {
  if (!need.mean)
    need.mean = {need.demand[0], need.demand[1]};
  if (!jobs.held(workload))
    return;
  for (size_t part = 0; part < problem.parts.size(); ++part)
    if (part < all_day || !slots[part - all_day].holds_room[workload])
      for (size_t kind : {0, 1})
        need.demand[resource_of(part, kind)] = 0;
}

void let_go_on(Problem &problem, const Jobs &jobs, const stages::Resolved &resolved,
               const proto::Intent &intent) {
  for (size_t part = 0; part < problem.parts.size(); ++part)
    for (size_t kind : {0, 1}) {
      const size_t k = resource_of(part, kind);
      std::vector<int64_t> taken(problem.nodes);
      for (size_t r = 0; r < problem.replicas.size(); ++r) {
        const Replica &replica = problem.replicas[r];
        if (replica.home != nowhere && jobs.is_job(replica.need) &&
            jobs.has_begun(intent.workloads(static_cast<int>(replica.need)).name(),
                           resolved.replicas(static_cast<int>(r)).number())) {
          int64_t &sum = taken[index(replica.home)];
          sum = std::min(sum + problem.needs[replica.need].demand[k], most_room);
        }
      }
      for (size_t node = 0; node < problem.nodes; ++node)
        problem.room[k][node] = std::max(problem.room[k][node], taken[node]);
    }
}

Problem without_jobs_room(Problem problem, const Jobs &jobs) {
  for (size_t w = 0; w < problem.needs.size(); ++w) {
    Need &need = problem.needs[w];
    if (!jobs.is_job(w))
      continue;
    NodeBits never(problem.nodes, true);
    for (size_t node = 0; node < problem.nodes; ++node)
      for (size_t part = 0; part < problem.parts.size(); ++part) {
        const size_t cpu = resource_of(part, 0), memory = resource_of(part, 1);
        if (need.demand[cpu] <= std::max<int64_t>(problem.room[cpu][node], 0) &&
            need.demand[memory] <= std::max<int64_t>(problem.room[memory][node], 0))
          never.reset(node);
      }
    if (!need.mean)
      need.mean = {need.demand[0], need.demand[1]};
    for (size_t part = 0; part < problem.parts.size(); ++part)
      for (size_t kind : {0, 1})
        need.demand[resource_of(part, kind)] = 0;
    if (!never.any())
      continue;
    problem.sets.push_back(never);
    need.clauses.push_back({restriction(stages::Restriction::RESOURCES, w),
                            static_cast<uint32_t>(problem.sets.size() - 1)});
    if (need.far != UINT32_MAX) {
      never |= problem.sets[need.far];
      problem.sets.push_back(std::move(never));
    }
    need.far = static_cast<uint32_t>(problem.sets.size() - 1);
  }
  return problem;
}

std::vector<int64_t> timetable(const proto::Intent &intent, const stages::Resolved &resolved,
                               const std::vector<compiler::NodeView> &nodes,
                               const compiler::Objective &objective, const Jobs &jobs,
                               const Problem &problem, const std::vector<NodeId> &node_of_replica) {
  return Scheduling(intent, resolved, nodes, objective, jobs, problem, node_of_replica).run();
}

} // namespace nemo::placement
