// What each placement costs, what it could have cost, and the sums: computed again from the models
// for every admissible node.
#include "compiler/explain/texts.h"
#include "compiler/verify/sums.h"
#include "compiler/verify/there.h"

#include <algorithm>

#include <fmt/format.h>

namespace nemo::verify {

namespace {

/// Nodes that no rule removes, by name, with the objective's value there.
using Candidates = std::map<std::string, std::optional<int64_t>>;

Candidates candidates_of(const Case &subject, const Objective &objective,
                         const proto::Workload &workload) {
  Candidates list;
  for (const auto &[name, node] : subject.world.nodes) {
    const Place place = subject.world.at(name);
    if (broken_rules({subject.intent, &workload, place}).empty())
      list.emplace(name, objective.of(workload, place));
  }
  return list;
}

/// The cheapest but `except`; of equals, and where nothing is known, the first by name.
std::optional<std::string> runner_up(const Candidates &candidates, const std::string &except) {
  std::optional<std::string> best;
  std::optional<int64_t> cost;
  for (const auto &[name, here] : candidates)
    if (name != except && (!best || (here && (!cost || *here < *cost)))) {
      best = name;
      cost = here;
    }
  return best;
}

/// The lowest cost on any candidate; none while one of them is unknown.
std::optional<int64_t> lowest(const Candidates &candidates) {
  std::optional<int64_t> least;
  for (const auto &[name, here] : candidates) {
    if (!here)
      return std::nullopt;
    least = least ? std::min(*least, *here) : *here;
  }
  return least;
}

/// Where the replica runs now, if that node is still in the fleet.
std::string home_of(const Case &subject, const std::vector<There> &there, const Replica &replica) {
  for (const There &one : there)
    if (one.workload == replica.workload->name() && one.replica == replica.number &&
        !one.retiring && subject.world.nodes.count(one.node))
      return one.node;
  return {};
}

void check_totals(const Case &subject, const std::vector<There> &there, Faults &faults) {
  Sums after, before;
  for (const Replica &replica : subject.replicas)
    after.add(replica.workload->resources(), subject.world.at(replica.node));
  for (const There &one : there) {
    const Place place = subject.world.at(one.node);
    if (!place.node)
      continue; // nothing runs on a node that is gone
    const proto::Resources *resources = one.spec ? &one.spec->resources() : nullptr;
    for (const proto::Workload &workload : subject.intent.workloads())
      if (!one.spec && workload.name() == one.workload)
        resources = &workload.resources();
    if (resources)
      before.add(*resources, place);
    else
      before.spoil("resources of " + one.name());
  }
  faults.compare(diag::N0716, "after", subject.plan.after(), totals(after));
  faults.compare(diag::N0716, "before", subject.plan.before(), totals(before));
}

} // namespace

void check_figures(const Case &subject, Faults &faults) {
  const Objective objective(subject.intent, subject.world);
  const std::vector<There> &there = subject.there;
  std::map<const proto::Workload *, Candidates> of_workload;
  __int128 value = 0, bound = 0;
  bool known = objective.in_euros(), bounded = objective.in_euros();
  for (size_t i = 0; i < subject.replicas.size(); ++i) {
    const Replica &replica = subject.replicas[i];
    const proto::Workload &workload = *replica.workload;
    auto found = of_workload.find(&workload);
    if (found == of_workload.end())
      found = of_workload.emplace(&workload, candidates_of(subject, objective, workload)).first;
    const Candidates &candidates = found->second;
    const std::optional<int64_t> cost = objective.of(workload, subject.world.at(replica.node));
    const std::optional<std::string> next = runner_up(candidates, replica.node);
    const std::optional<int64_t> least = lowest(candidates);

    explain::PlacementStory story;
    story.candidates = static_cast<uint32_t>(candidates.size());
    story.cost_known = cost.has_value();
    if (next && cost && candidates.at(*next) && *candidates.at(*next) < *cost)
      story.cheaper = *next;
    story.stays = home_of(subject, there, replica) == replica.node;
    story.replicas_min = workload.replicas_min();
    story.replicas_max = workload.replicas_max();

    proto::Placement expected;
    expected.set_workload(workload.name());
    expected.set_replica(replica.number);
    expected.set_node(replica.node);
    expected.set_reason(explain::placement_reason(story));
    if (objective.in_euros() && cost)
      expected.set_cost_ueur_per_hour(*cost);
    expected.set_candidates(story.candidates);
    if (next)
      expected.set_runner_up(*next);
    faults.compare(diag::N0716, fmt::format("placements[{}]", i),
                   subject.plan.placements(static_cast<int>(i)), expected);
    known &= cost.has_value();
    bounded &= least.has_value();
    value += cost.value_or(0);
    bound += least.value_or(0);
  }
  auto fits = [](__int128 number) { return number >= INT64_MIN && number <= INT64_MAX; };
  proto::ObjectiveValue expected;
  expected.set_text(objective.text());
  expected.set_bound_model(explain::bound_model());
  if (known && fits(value))
    expected.set_value_ueur_per_hour(static_cast<int64_t>(value));
  if (bounded && fits(bound))
    expected.set_bound_ueur_per_hour(static_cast<int64_t>(bound));
  if (expected.has_value_ueur_per_hour() && expected.has_bound_ueur_per_hour()) {
    const __int128 size = value < 0 ? -value : value; // in 1e-6 EUR/h, so that 1e-6 of it is 1
    expected.set_gap(static_cast<double>(value - bound) /
                     static_cast<double>(size == 0 ? 1 : size));
    if (bound > value)
      faults.add(diag::N0716, "the objective's bound is above its value");
  }
  faults.compare(diag::N0716, "objective", subject.plan.objective(), expected);
  check_totals(subject, there, faults);
}

} // namespace nemo::verify
