// Each change is first sought on the workloads of the conflict alone, where a try is cheap, and
// then has to place everybody. A least amount is found by bisection: what fits with more fits with
// less.
#include "compiler/placement/relax.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "compiler/placement/conflict.h"

namespace nemo::placement {

namespace {

constexpr size_t gpu = 3; ///< the resource

/// Replicas of one need keep following each other when some of it go.
void drop_replicas(Problem &problem, uint32_t from, uint32_t count) {
  const auto first = problem.replicas.begin() + from;
  problem.replicas.erase(first, first + count);
  for (Need &need : problem.needs)
    if (need.first >= from + count)
      need.first -= count;
}

Problem changed(Problem problem, uint32_t need, const Relaxation &change) {
  switch (change.kind) {
  case Relaxation::Kind::without:
    return relaxed(std::move(problem), [&](const stages::Restriction &restriction) {
      return !same(restriction, change.restriction);
    });
  case Relaxation::Kind::less:
    if (std::optional<std::array<int64_t, 2>> &mean = problem.needs[need].mean;
        mean && kind_of(problem, change.resource) < 2) {
      const compiler::PartOfDay &part = problem.parts[part_of(change.resource)];
      (*mean)[kind_of(problem, change.resource)] -=
          (problem.needs[need].demand[change.resource] - change.amount) / 24 *
          (part.to - part.from);
    }
    problem.needs[need].demand[change.resource] = change.amount;
    if (optimiser::DeviceDemand &devices = problem.needs[need].devices;
        change.resource == gpu && devices.count > 0) {
      devices.count = static_cast<uint32_t>(std::max<int64_t>(change.amount / 1000, 1));
      devices.share = std::min<int64_t>(change.amount, 1000);
    }
    return problem;
  case Relaxation::Kind::fewer: {
    Need &who = problem.needs[need];
    const auto kept = static_cast<uint32_t>(change.amount);
    const uint32_t gone = who.count - kept;
    who.count = kept;
    who.repeats -= std::min(who.repeats, gone);
    drop_replicas(problem, who.first + kept, gone);
    return problem;
  }
  case Relaxation::Kind::beside:
    break;
  }
  // Those beside others become a workload of their own, which nothing keeps apart.
  const auto more = static_cast<uint32_t>(change.amount);
  Need &who = problem.needs[need];
  if (who.repeats > 0) {
    who.repeats += more;
    return problem;
  }
  who.count -= more;
  const uint32_t from = who.first + who.count;
  Need apart = who;
  apart.spread = Spread::none;
  apart.count = more;
  apart.part_of = need;
  std::vector<Replica> moved(problem.replicas.begin() + from,
                             problem.replicas.begin() + from + more);
  drop_replicas(problem, from, more);
  apart.first = static_cast<uint32_t>(problem.replicas.size());
  for (Replica &replica : moved) {
    replica.need = static_cast<uint32_t>(problem.needs.size());
    problem.replicas.push_back(std::move(replica));
  }
  problem.needs.push_back(std::move(apart));
  return problem;
}

/// A round number, so that what is proposed can be read: about a sixty-fourth of `amount`.
int64_t grain(const Problem &problem, size_t resource, int64_t amount) {
  const int64_t about = std::max<int64_t>(amount / 64, 1);
  if (resource == gpu && amount > 1000)
    return 1000; // several devices are whole ones
  if (is_named(problem, resource))
    return 1;
  const bool bytes = kind_of(problem, resource) == 1 || resource == 2;
  int64_t step = 1;
  while (step * (bytes ? 2 : 10) <= about)
    step *= bytes ? 2 : 10;
  return step;
}

class Relaxer {
public:
  Relaxer(const Problem &problem, const Infeasible &conflict, const Budget &budget)
      : problem_(problem), conflict_(conflict), part_(only(problem, conflict.needs)),
        left_(budget.relax_steps) {
    budget_.search_steps = budget.relax_steps / 50;
    budget_.effort = budget.effort / 10;
  }

  Relaxations run() {
    for (uint32_t n = 0; n < conflict_.needs.size(); ++n) {
      less(n);
      fewer(n);
    }
    for (const Infeasible::Member &member : conflict_.members) {
      const auto at = std::find(conflict_.needs.begin(), conflict_.needs.end(), member.need);
      const auto n = static_cast<uint32_t>(at - conflict_.needs.begin());
      if (member.restriction.kind() == stages::Restriction::SPREAD)
        beside(n, member);
      if (member.restriction.kind() != stages::Restriction::RESOURCES)
        keep(n, of(Relaxation::Kind::without, member.restriction, member.need));
    }
    std::stable_sort(result_.list.begin(), result_.list.end(),
                     [](const Relaxation &a, const Relaxation &b) {
                       constexpr int64_t most = INT64_MAX;
                       return std::tuple(!a.everybody, a.kind, a.cost.value_or(most)) <
                              std::tuple(!b.everybody, b.kind, b.cost.value_or(most));
                     });
    return std::move(result_);
  }

private:
  static Relaxation of(Relaxation::Kind kind, const stages::Restriction &restriction,
                       uint32_t need) {
    Relaxation change;
    change.kind = kind;
    change.restriction = restriction;
    change.need = need;
    return change;
  }

  bool restricted(const stages::Restriction &restriction) const {
    return std::any_of(
        conflict_.members.begin(), conflict_.members.end(),
        [&](const Infeasible::Member &member) { return same(member.restriction, restriction); });
  }

  /// Asked before a problem is copied for a try: there may be thousands of them.
  bool ended(const Problem &problem) {
    const bool over = left_ < problem.replicas.size() * problem.nodes;
    result_.complete &= !over;
    return over;
  }

  /// Of the conflict's workloads, without the others.
  bool fits(uint32_t n, const Relaxation &change) {
    if (ended(part_))
      return false;
    const Verdict verdict = decide(changed(part_, n, change), left_, budget_.search_steps);
    result_.complete &= verdict != Verdict::undecided;
    return verdict == Verdict::found;
  }

  /// The most of `change.amount` in steps of `step` that fits, below what there is now.
  bool most(uint32_t n, Relaxation &change, int64_t now, int64_t step) {
    int64_t fits_at = 0, too_much = (now + step - 1) / step;
    while (fits_at + 1 < too_much) {
      const int64_t middle = std::midpoint(fits_at, too_much);
      change.amount = middle * step;
      (fits(n, change) ? fits_at : too_much) = middle;
    }
    change.amount = fits_at * step;
    return fits_at > 0;
  }

  void less(uint32_t n) {
    const Need &need = problem_.needs[conflict_.needs[n]];
    for (size_t resource = 0; resource < problem_.room.size(); ++resource) {
      const stages::Restriction &of_it =
          is_named(problem_, resource) ? need.named_devices : need.resources;
      if (!restricted(of_it) || overcommits(problem_, resource))
        continue; // over-committed, what everybody counts for would be another
      const int64_t now = need.demand[resource];
      Relaxation change = of(Relaxation::Kind::less, of_it, conflict_.needs[n]);
      change.resource = resource;
      if (now > 0 && now <= most_room && fits(n, change) &&
          most(n, change, now, grain(problem_, resource, now)))
        keep(n, change);
    }
  }

  void fewer(uint32_t n) {
    const Need &need = problem_.needs[conflict_.needs[n]];
    Relaxation change = of(Relaxation::Kind::fewer, need.resources, conflict_.needs[n]);
    if (need.spread != Spread::none && !restricted(need.resources))
      change.restriction = need.spreading;
    if (need.count > 1 && most(n, change, need.count, 1))
      keep(n, change);
  }

  void beside(uint32_t n, const Infeasible::Member &member) {
    Relaxation change = of(Relaxation::Kind::beside, member.restriction, member.need);
    // All but one apart is `spread` left out; the fewest that must be let in are sought.
    const int64_t count = problem_.needs[member.need].repeats > 0
                              ? least_domains(problem_.needs[member.need])
                              : problem_.needs[member.need].count;
    int64_t too_few = 0, enough = count;
    while (too_few + 1 < enough) {
      change.amount = std::midpoint(too_few, enough);
      (fits(n, change) ? enough : too_few) = change.amount;
    }
    change.amount = enough;
    if (enough < count)
      keep(n, change);
  }

  /// After the change everybody has to be placed, unless another conflict is in the way.
  void keep(uint32_t n, Relaxation change) {
    if (ended(problem_))
      return;
    const Problem problem = changed(problem_, change.need, change);
    const Verdict verdict = decide(problem, left_, budget_.search_steps);
    // What moves who runs to keep bonds finds more than the search.
    if (verdict == Verdict::found || (verdict == Verdict::undecided && !problem.bonds.empty())) {
      auto placed = place(problem, budget_);
      if (!placed) {
        result_.complete = false;
        llvm::consumeError(placed.takeError());
        return;
      }
      change.cost = cost(problem, *placed);
      if (change.kind == Relaxation::Kind::beside && problem_.needs[change.need].repeats == 0)
        change.beside.assign(placed->node_of_replica.end() - change.amount,
                             placed->node_of_replica.end());
      result_.list.push_back(change);
    } else if (verdict == Verdict::impossible && change.kind != Relaxation::Kind::beside &&
               fits(n, change)) {
      change.everybody = false;
      result_.list.push_back(change);
    } else {
      result_.complete &= verdict == Verdict::impossible;
    }
  }

  const Problem &problem_;
  const Infeasible &conflict_;
  const Problem part_;
  Budget budget_;
  uint64_t left_;
  Relaxations result_;
};

} // namespace

std::optional<int64_t> cost(const Problem &problem, const Assignment &assignment) {
  __int128 sum = awake(problem, hosts(assignment)) +
                 static_cast<__int128>(uneven(problem, assignment)) * problem.even_price;
  for (size_t r = 0; r < problem.replicas.size(); ++r) {
    const int64_t part = cost(problem, problem.needs[problem.replicas[r].need],
                              index(assignment.node_of_replica[r]));
    if (part == unknown_cost)
      return std::nullopt;
    sum += part;
  }
  return sum > INT64_MAX || sum < INT64_MIN ? std::nullopt
                                            : std::optional(static_cast<int64_t>(sum));
}

Relaxations relaxations(const Problem &problem, const Infeasible &conflict, const Budget &budget) {
  return Relaxer(problem, conflict, budget).run();
}

} // namespace nemo::placement
