#include "compiler/placement/describe.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/placement/figuring.h"
#include "compiler/placement/sends.h"
#include "compiler/resolve/selection.h"
#include "compiler/resolve/suspend.h"

namespace nemo::placement {

using compiler::NodeView;
using compiler::Objective;

namespace {

// What all cost at least where flows pay for the ways that they go. A plan rounds what each pays.
std::optional<__int128> least_with_flows(const Figuring &figuring,
                                         const stages::Admissible &admissible,
                                         const Problem &problem, const Objective &objective,
                                         const compiler::Jobs &jobs, compiler::Egress &egress) {
  Payments payments(problem, objective, jobs, egress);
  std::vector<std::vector<Option>> options(problem.needs.size());
  for (size_t w = 0; w < problem.needs.size(); ++w)
    if (problem.needs[w].count > 0)
      options[w] = figuring.options(w, admissible);
  const auto least = payments.least(std::move(options));
  if (!least)
    return std::nullopt;
  return *least - figuring.scarce_room() - (__int128{payments.senders()} << price_bits);
}

} // namespace

std::optional<int64_t> imbalance(const Problem &problem, const Objective &objective,
                                 const Assignment &assignment) {
  if (objective.balance == 0)
    return 0;
  const int64_t above = uneven(problem, assignment);
  const __int128 paid = static_cast<__int128>(above) * objective.balance;
  const __int128 rounded = (paid + 500'000) / 1'000'000; // millicores times 1e-9 EUR for a core
  return above <= optimiser::most_amount && rounded <= INT64_MAX
             ? std::optional(static_cast<int64_t>(rounded))
             : std::nullopt;
}

void set_gap(proto::ObjectiveValue &value) {
  if (!value.has_value_ueur_per_hour() || !value.has_bound_ueur_per_hour())
    return;
  const __int128 cost = value.value_ueur_per_hour();
  value.set_gap(static_cast<double>(cost - value.bound_ueur_per_hour()) /
                static_cast<double>(std::max<__int128>(cost < 0 ? -cost : cost, 1)));
}

stages::Placed describe(const stages::Inputs &inputs, const std::vector<NodeView> &nodes,
                        const stages::Admissible &admissible, const Objective &objective,
                        const compiler::Jobs &jobs, const compiler::Jobs &timed,
                        const Problem &problem, const Assignment &assignment,
                        const std::vector<std::string> &held, const stages::Resolved &resolved,
                        compiler::Egress &egress) {
  const proto::Intent &intent = inputs.intent();
  Figuring figuring(intent, nodes, objective, jobs, problem, assignment.scarce);
  stages::Placed placed;
  proto::ObjectiveValue &value = *placed.mutable_objective();
  value.set_text(objective.text);
  value.set_bound_model(explain::bound_model());
  for (const Scarce &scarce : assignment.scarce) {
    proto::ScarceRoom &room = *value.add_scarce();
    room.set_node(nodes[scarce.node].node->name());
    room.set_resource(scarce.resource);
    room.set_price(scarce.price);
  }
  __int128 sum = 0, bound = -figuring.scarce_room();
  bool known = objective.in_euro, bounded = objective.in_euro;
  const bool alone = std::any_of(problem.needs.begin(), problem.needs.end(),
                                 [](const Need &need) { return need.exclusive; });
  const bool sleepers = std::any_of(nodes.begin(), nodes.end(), compiler::can_sleep);
  std::vector<std::optional<Rational>> sent;
  if (!egress.none())
    sent = egress.paid(stands(problem, assignment));
  for (size_t r = 0; r < problem.replicas.size(); ++r) {
    const Replica &replica = problem.replicas[r];
    const size_t w = replica.need;
    const proto::Workload &workload = intent.workloads(static_cast<int>(w));
    const size_t node = index(assignment.node_of_replica[r]);
    std::optional<compiler::Run> run;
    if (jobs.is_job(w))
      run = timed.chosen(w, resolved.replicas(static_cast<int>(r)).number(), nodes[node],
                         objective.of(w, node));
    std::optional<int64_t> cost = run ? figuring.exactly(w, node, &*run) : figuring.exact(w, node);
    const Figuring::Choices &choices = figuring.choices(w, admissible);
    const Figuring::Choice *other = choices.but(node);
    stages::Placed::OfReplica &entry = *placed.add_replicas();
    entry.set_node(static_cast<uint32_t>(node));
    entry.set_candidates(choices.count);
    if (other)
      entry.set_runner_up(static_cast<uint32_t>(other->node));
    if (!assignment.devices_of_replica.empty())
      for (uint32_t gpu = 0; gpu < most_node_devices; ++gpu)
        if (assignment.devices_of_replica[r] >> gpu & 1)
          entry.add_gpus(gpu);
    explain::PlacementStory story;
    story.candidates = entry.candidates();
    story.cost_known = cost.has_value();
    if (other && cost && other->cost && *other->cost < *cost)
      story.cheaper = nodes[other->node].node->name();
    story.stays = replica.home == NodeId(node);
    story.asked = compiler::is_asked(inputs, workload.name(),
                                     resolved.replicas(static_cast<int>(r)).number());
    story.held = held[r];
    story.alone = alone;
    story.sleepers = sleepers;
    story.balanced = objective.balance != 0;
    story.bonded = !workload.place().affinities().empty();
    story.replicas = workload.replicas_min();
    story.replicas_most = workload.replicas_max();
    if (run) {
      const compiler::Jobs::Told *told =
          jobs.told(workload.name(), resolved.replicas(static_cast<int>(r)).number());
      const bool kept = told && run->start_ms == told->start_ms;
      entry.set_starts_at(kept ? told->text : jobs.text(*run));
      story.starts_at = entry.starts_at();
      entry.set_planned_at(jobs.planned_at(w));
    }
    story.flows = egress.concerns(w);
    if (!sent.empty() && !(sent[r] && sent[r]->is_zero())) {
      const compiler::Figure paid{sent[r], {}};
      story.egress = compiler::millionths_per_hour(paid);
      const auto own = cost;
      cost = figuring.exactly(w, node, run ? &*run : nullptr, &paid);
      bounded &= !(own && cost && *cost < *own); // who gains by paying has no least cost
    }
    entry.set_reason(explain::placement_reason(story));
    if (objective.in_euro && cost)
      entry.set_cost_ueur_per_hour(*cost);
    known &= cost.has_value();
    sum += cost.value_or(0);
  }
  const std::set<size_t> used = hosts(assignment);
  for (size_t node = 0; node < nodes.size(); ++node) {
    if (!compiler::can_sleep(nodes[node]))
      continue;
    if (!used.count(node)) {
      placed.add_suspended(nodes[node].node->name());
      continue;
    }
    const auto awake = figuring.kept_awake(node);
    known &= awake.has_value();
    sum += awake.value_or(0);
  }
  std::sort(placed.mutable_suspended()->begin(), placed.mutable_suspended()->end());
  const std::optional<int64_t> uneven = imbalance(problem, objective, assignment);
  if (objective.balance != 0 && uneven)
    value.set_imbalance_ueur_per_hour(*uneven);
  known &= uneven.has_value();
  sum += uneven.value_or(0);
  for (size_t w = 0; w < problem.needs.size() && bounded; ++w)
    if (problem.needs[w].count > 0) {
      const std::optional<__int128> least = figuring.least(w, admissible);
      bounded = least.has_value();
      bound += least.value_or(0);
    }
  if (bounded && !egress.none())
    bound = std::max(
        bound,
        least_with_flows(figuring, admissible, problem, objective, jobs, egress).value_or(bound));
  bound = (bound + (__int128{1} << price_bits) - 1) >> price_bits; // a sum of whole numbers
  auto fits = [](__int128 number) { return number >= INT64_MIN && number <= INT64_MAX; };
  if (known && fits(sum))
    value.set_value_ueur_per_hour(static_cast<int64_t>(sum));
  if (bounded && fits(bound))
    value.set_bound_ueur_per_hour(static_cast<int64_t>(bound));
  else
    value.clear_scarce();
  set_gap(value);
  return placed;
}

} // namespace nemo::placement
