// What each placement costs, what it could have cost, and the sums: computed again from the models
// for every admissible node.
#include "compiler/explain/texts.h"
#include "compiler/verify/balance.h"
#include "compiler/verify/cheaper.h"
#include "compiler/verify/cordons.h"
#include "compiler/verify/payments.h"
#include "compiler/verify/settled.h"
#include "compiler/verify/there.h"

#include <fmt/format.h>

namespace nemo::verify {

namespace {

/// Where replicas run now, if that node is still in the fleet.
std::map<std::pair<std::string, uint32_t>, std::string> homes(const Case &subject,
                                                              const std::vector<There> &there) {
  std::map<std::pair<std::string, uint32_t>, std::string> all;
  for (const There &one : there)
    if (!one.retiring && !one.over && subject.world.nodes.count(one.node))
      all.try_emplace({one.workload, one.replica}, one.node);
  return all;
}

void check_totals(const Case &subject, const std::vector<There> &there, const Runs &runs,
                  Faults &faults) {
  Sums after, before;
  Egress egress(subject);
  const std::vector<Figure> planned = egress.planned();
  for (size_t i = 0; i < subject.replicas.size(); ++i) {
    const Replica &replica = subject.replicas[i];
    after.add(replica.workload->resources(), subject.world.at(replica.node), runs.of(replica),
              planned.empty() ? nullptr : &planned[i]);
  }
  std::vector<Egress::Stand> stands; // also of what no flow is about, which pays nothing
  for (const There &one : there)
    if (subject.world.nodes.count(one.node) && !one.over)
      stands.push_back({one.workload, one.node});
  const std::vector<Figure> sent = egress.of(stands);
  size_t at = 0;
  for (const There &one : there) {
    const Place place = subject.world.at(one.node);
    if (!place.node || one.over)
      continue; // nothing runs on a node that is gone
    const Figure *paid = sent.empty() ? nullptr : &sent[at++];
    const proto::Resources *resources = one.spec ? &one.spec->resources() : nullptr;
    for (const proto::Workload &workload : subject.intent.workloads())
      if (!one.spec && workload.name() == one.workload)
        resources = &workload.resources();
    if (resources)
      before.add(*resources, place, runs.before(one), paid);
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
  const auto home = homes(subject, there);
  const std::vector<std::string> held = held_back(subject);
  const Scarcity scarcity(subject, objective, faults);
  const Runs runs(subject);
  runs.check(faults);
  Choosing choosing(subject, objective, scarcity, runs);
  std::map<const proto::Workload *, uint32_t> replicas_of;
  for (const Replica &replica : subject.replicas)
    ++replicas_of[replica.workload];
  const bool alone =
      std::any_of(subject.intent.workloads().begin(), subject.intent.workloads().end(),
                  [](const proto::Workload &workload) { return workload.place().exclusive(); });
  const bool sleepers =
      std::any_of(subject.world.nodes.begin(), subject.world.nodes.end(),
                  [](const auto &node) { return node.second.has_power_suspended_mw(); });
  const bool balanced = objective.in_euros() && balance_asked(subject.intent) != 0;
  Egress egress(subject);
  const std::vector<Figure> sent = egress.planned();
  __int128 value = 0, bound = -scarcity.worth();
  bool known = objective.in_euros(), bounded = objective.in_euros();
  for (size_t i = 0; i < subject.replicas.size(); ++i) {
    const Replica &replica = subject.replicas[i];
    const proto::Workload &workload = *replica.workload;
    const Candidates &candidates = choosing.of(workload, replicas_of[&workload]);
    std::optional<int64_t> cost =
        objective.of(workload, subject.world.at(replica.node), runs.of(replica));
    const Candidates::Choice *next = candidates.but(replica.node);
    const auto at_home = home.find({workload.name(), replica.number});

    explain::PlacementStory story;
    story.candidates = candidates.count;
    story.cost_known = cost.has_value();
    if (next && cost && next->cost && *next->cost < *cost)
      story.cheaper = next->node;
    story.stays = at_home != home.end() && at_home->second == replica.node;
    story.asked = asked_for(subject.plan, workload.name(), replica.number);
    story.held = held[i];
    story.alone = alone;
    story.sleepers = sleepers;
    story.balanced = balanced;
    story.bonded = !workload.place().affinities().empty();
    if (workload.has_job())
      story.starts_at = subject.plan.placements(static_cast<int>(i)).starts_at();
    story.replicas = workload.replicas_min();
    story.replicas_most = workload.replicas_max();

    story.flows = egress.at(workload.name());
    if (!sent.empty() && (!sent[i].value || !sent[i].value->is_zero())) {
      story.egress = rounded(sent[i], to_micro_per_hour);
      const auto own = cost;
      cost = objective.of(workload, subject.world.at(replica.node), runs.of(replica), &sent[i]);
      bounded &= !(own && cost && *cost < *own);
    }

    proto::Placement expected;
    expected.set_workload(workload.name());
    expected.set_replica(replica.number);
    expected.set_node(replica.node);
    expected.set_starts_at(story.starts_at);
    for (uint32_t gpu : replica.gpus) // check_devices has judged them
      expected.add_gpus(gpu);
    expected.set_reason(explain::placement_reason(story));
    if (objective.in_euros() && cost)
      expected.set_cost_ueur_per_hour(*cost);
    expected.set_candidates(story.candidates);
    if (next)
      expected.set_runner_up(next->node);
    faults.compare(diag::N0716, fmt::format("placements[{}]", i),
                   subject.plan.placements(static_cast<int>(i)), expected);
    known &= cost.has_value();
    value += cost.value_or(0);
    // Those of a workload follow each other, and are bounded together.
    if (i == 0 || subject.replicas[i - 1].workload != &workload) {
      bounded &= candidates.least.has_value();
      bound += candidates.least.value_or(0);
    }
  }
  std::set<std::string> awake;
  for (const Replica &replica : subject.replicas)
    if (const Place place = subject.world.at(replica.node);
        place.node->has_power_suspended_mw() && awake.insert(replica.node).second) {
      const std::optional<int64_t> kept = objective.awake(place);
      known &= kept.has_value();
      value += kept.value_or(0);
    }
  const std::optional<int64_t> uneven = balanced ? imbalance(subject) : std::nullopt;
  known &= uneven.has_value() || !balanced;
  value += uneven.value_or(0);
  if (bounded && egress.any())
    if (const auto least = least_with_flows(subject, objective, choosing, egress))
      bound = std::max(bound, *least - scarcity.worth());
  constexpr __int128 one = __int128{1} << Scarcity::price_bits;
  bound = (bound + one - 1) >> Scarcity::price_bits; // no cost is between two whole numbers
  auto fits = [](__int128 number) { return number >= INT64_MIN && number <= INT64_MAX; };
  proto::ObjectiveValue expected;
  expected.set_text(objective.text());
  expected.set_bound_model(explain::bound_model());
  if (uneven)
    expected.set_imbalance_ueur_per_hour(*uneven);
  if (known && fits(value))
    expected.set_value_ueur_per_hour(static_cast<int64_t>(value));
  if (const int64_t claimed = subject.plan.objective().bound_ueur_per_hour();
      known && bounded && claimed > bound &&
      subject.plan.objective().bound_model() == explain::searched_bound_model()) {
    expected.set_bound_model(explain::searched_bound_model());
    bound = claimed;
    const Found found = cheaper_than(claimed, subject, objective, scarcity, runs, choosing, egress);
    if (found != Found::nothing)
      faults.add(diag::N0716, fmt::format("objective.bound: {}",
                                          found == Found::cheaper
                                              ? "a placement that the rules allow costs less"
                                              : "that no placement costs less could not be shown"));
  }
  if (bounded && fits(bound)) {
    expected.set_bound_ueur_per_hour(static_cast<int64_t>(bound));
    *expected.mutable_scarce() = subject.plan.objective().scarce();
  }
  if (expected.has_value_ueur_per_hour() && expected.has_bound_ueur_per_hour()) {
    const __int128 size = value < 0 ? -value : value; // in 1e-6 EUR/h, so that 1e-6 of it is 1
    expected.set_gap(static_cast<double>(value - bound) /
                     static_cast<double>(size == 0 ? 1 : size));
    if (bound > value)
      faults.add(diag::N0716, "the objective's bound is above its value");
  }
  faults.compare(diag::N0716, "objective", subject.plan.objective(), expected);
  check_totals(subject, there, runs, faults);
}

} // namespace nemo::verify
