// What is printed is exact to its last digit, and still found without exact arithmetic for almost
// every pair of replica and node.
#include "compiler/placement/assign.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "compiler/explain/texts.h"
#include "compiler/placement/build.h"
#include "compiler/placement/report.h"
#include "compiler/placement/scarcity.h"
#include "compiler/placement/sends.h"
#include "compiler/placement/settle.h"
#include "compiler/placement/survive.h"
#include "compiler/resolve/report.h"
#include "compiler/resolve/selection.h"
#include "compiler/resolve/suspend.h"

namespace nemo::placement {

using compiler::NodeView;
using compiler::Objective;

namespace {

class Figuring {
public:
  Figuring(const proto::Intent &intent, const std::vector<NodeView> &nodes,
           const Objective &objective, const compiler::Jobs &jobs, const Problem &problem,
           const std::vector<Scarce> &scarce)
      : intent_(intent), nodes_(nodes), objective_(objective), jobs_(jobs), problem_(problem),
        scarce_(scarce) {}

  // The objective's share of one replica of workload `w` on `node`, 1e-6 per hour. The table of the
  // search has it to about 1e-9; only where that leaves the rounding open is it computed exactly.
  std::optional<int64_t> exact(size_t w, size_t node) const {
    const int64_t fine = cost(problem_, problem_.needs[w], node);
    if (fine == unknown_cost)
      return std::nullopt;
    const int64_t size = std::llabs(fine);
    constexpr int64_t sure = int64_t{1} << 50; // above it, a double no longer has the digits
    const int64_t open = 2 + size / 1'000'000'000'000;
    if (size < sure && std::llabs(size % 1000 - 500) > open)
      return (fine < 0 ? -1 : 1) * ((size + 500) / 1000);
    if (!jobs_.is_job(w))
      return exactly(w, node, nullptr);
    const compiler::Run run = jobs_.best(w, nodes_[node], objective_.of(w, node));
    return exactly(w, node, &run);
  }

  /// \param run  of a job: when it runs
  /// \param egress  EUR/s that it pays for what it sends
  std::optional<int64_t> exactly(size_t w, size_t node, const compiler::Run *run,
                                 const compiler::Figure *egress = nullptr) const {
    const proto::Resources &needs = intent_.workloads(static_cast<int>(w)).resources();
    compiler::Figures figures = compiler::figures(needs, nodes_[node], run);
    if (egress)
      compiler::add_egress(figures, *egress, run);
    const auto cost =
        compiler::millionths_per_hour(compiler::weighted(figures, objective_.of(w, node)));
    return cost ? std::optional(*cost + objective_.wish(w, node)) : std::nullopt;
  }

  struct Choice {
    size_t node;
    std::optional<int64_t> cost;
  };
  struct Choices {
    uint32_t count = 0;
    std::vector<Choice> best; ///< at most two: by cost, then name; unknown costs last
    bool known = true;        ///< the cost is, on all of them
    const Choice *but(size_t node) const {
      for (const Choice &choice : best)
        if (choice.node != node)
          return &choice;
      return nullptr;
    }
  };
  // Of all nodes that no rule removes. Workloads that ask for the same have the same choices.
  const Choices &choices(size_t w, const stages::Admissible &admissible) {
    const uint32_t set = admissible.workloads(static_cast<int>(w)).set();
    const proto::Resources needs =
        compiler::on_average(intent_.workloads(static_cast<int>(w)).resources());
    auto [known, fresh] =
        choices_.try_emplace({needs.cpu_millicores(), needs.memory_bytes(),
                              problem_.needs[w].cost_class, set, problem_.needs[w].no_device});
    Choices &result = known->second;
    if (!fresh)
      return result;
    NodeBits::from_proto(admissible.sets(static_cast<int>(set)), nodes_.size())
        .for_each([&](size_t node) {
          if (lacks_devices(w, node))
            return;
          const std::optional<int64_t> here = exact(w, node);
          ++result.count;
          result.known &= here.has_value();
          auto at = result.best.begin();
          while (at != result.best.end() && !(here && (!at->cost || *here < *at->cost)))
            ++at;
          if (at - result.best.begin() < 2)
            result.best.insert(at, {node, here});
          if (result.best.size() > 2)
            result.best.pop_back();
        });
    return result;
  }

  // What the replicas of workload `w` cost at least, in 2^-price_bits, where scarce room is paid
  // for. None where a cost is not known.
  std::optional<__int128> least(size_t w, const stages::Admissible &admissible) {
    const Need &need = problem_.needs[w];
    const uint32_t set = admissible.workloads(static_cast<int>(w)).set();
    if (!choices(w, admissible).known)
      return std::nullopt;
    const uint32_t apart = placement::apart(need);
    auto [known, fresh] =
        least_.try_emplace({need.demand, need.no_device, need.cost_class, set, need.far,
                            need.spread, apart > 1 ? need.count : 0, apart});
    if (fresh) {
      Apart costs;
      std::optional<__int128> one;
      NodeBits::from_proto(admissible.sets(static_cast<int>(set)), nodes_.size())
          .for_each([&](size_t node) {
            const std::optional<__int128> paid = paid_on(w, node);
            if (!paid || (need.far != UINT32_MAX && problem_.sets[need.far].test(node)))
              return;
            one = one ? std::min(*one, *paid) : *paid;
            if (const uint32_t domain = problem_.domain[static_cast<size_t>(need.spread)][node];
                apart > 1 && domain != unknown_domain)
              costs.offer(domain, *paid);
          });
      known->second = apart > 1 ? costs.sum(need.count, apart) : one;
    }
    if (!known->second || apart > 1)
      return known->second;
    return *known->second * need.count;
  }

  __int128 scarce_room() const {
    __int128 sum = 0;
    for (const Scarce &scarce : scarce_)
      sum += static_cast<__int128>(scarce.price) *
             std::max<int64_t>(problem_.room[scarce.resource][scarce.node], 0);
    return sum;
  }

private:
  bool lacks_devices(size_t w, size_t node) const {
    const uint32_t set = problem_.needs[w].no_device;
    return set != UINT32_MAX && problem_.sets[set].test(node);
  }
  // None on nodes that it alone does not fit.
  std::optional<__int128> paid_on(size_t w, size_t node) const {
    const Need &need = problem_.needs[w];
    for (size_t k = 0; k < problem_.room.size(); ++k)
      if (need.demand[k] > 0 && !overcommits(problem_, k) &&
          need.demand[k] > problem_.room[k][node])
        return std::nullopt;
    if (!problem_.peak_room.empty() && need.demand[0] > problem_.peak_room[node])
      return std::nullopt;
    if (lacks_devices(w, node))
      return std::nullopt;
    __int128 paid = static_cast<__int128>(*exact(w, node)) << price_bits;
    for (auto at = std::lower_bound(
             scarce_.begin(), scarce_.end(), node,
             [](const Scarce &scarce, size_t wanted) { return scarce.node < wanted; });
         at != scarce_.end() && at->node == node; ++at)
      paid += static_cast<__int128>(at->price) * need.demand[at->resource];
    return paid;
  }

  const proto::Intent &intent_;
  const std::vector<NodeView> &nodes_;
  const Objective &objective_;
  const compiler::Jobs &jobs_;
  const Problem &problem_;
  const std::vector<Scarce> &scarce_;
  std::map<std::tuple<Demand, uint32_t, uint32_t, uint32_t, uint32_t, Spread, uint32_t, uint32_t>,
           std::optional<__int128>>
      least_;
  std::map<std::tuple<uint64_t, uint64_t, uint32_t, uint32_t, uint32_t>, Choices> choices_;
};

stages::Placed describe(const stages::Inputs &inputs, const std::vector<NodeView> &nodes,
                        const stages::Admissible &admissible, const Objective &objective,
                        const compiler::Jobs &jobs, const Problem &problem,
                        const Assignment &assignment, const std::vector<std::string> &held,
                        const stages::Resolved &resolved, compiler::Egress &egress) {
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
      run = jobs.chosen(w, resolved.replicas(static_cast<int>(r)).number(), nodes[node],
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
    const auto awake = compiler::millionths_per_hour({objective.awake(nodes[node], node), {}});
    known &= awake.has_value();
    sum += awake.value_or(0);
  }
  std::sort(placed.mutable_suspended()->begin(), placed.mutable_suspended()->end());
  if (objective.balance != 0) {
    const int64_t above = uneven(problem, assignment);
    const __int128 paid = static_cast<__int128>(above) * objective.balance;
    const __int128 rounded = (paid + 500'000) / 1'000'000; // millicores times 1e-9 EUR for a core
    if (above <= optimiser::most_amount && rounded <= INT64_MAX)
      value.set_imbalance_ueur_per_hour(static_cast<int64_t>(rounded));
    known &= value.has_imbalance_ueur_per_hour();
    sum += rounded;
  }
  for (size_t w = 0; w < problem.needs.size() && bounded; ++w)
    if (problem.needs[w].count > 0) {
      const std::optional<__int128> least = figuring.least(w, admissible);
      bounded = least.has_value();
      bound += least.value_or(0);
    }
  bound = (bound + (__int128{1} << price_bits) - 1) >> price_bits; // a sum of whole numbers
  auto fits = [](__int128 number) { return number >= INT64_MIN && number <= INT64_MAX; };
  if (known && fits(sum))
    value.set_value_ueur_per_hour(static_cast<int64_t>(sum));
  if (bounded && fits(bound))
    value.set_bound_ueur_per_hour(static_cast<int64_t>(bound));
  else
    value.clear_scarce();
  if (value.has_value_ueur_per_hour() && value.has_bound_ueur_per_hour())
    value.set_gap(static_cast<double>(sum - bound) /
                  static_cast<double>(std::max<__int128>(sum < 0 ? -sum : sum, 1)));
  return placed;
}

} // namespace

Budget budget_of(const stages::Inputs &inputs, const Watch &watch) {
  Budget budget;
  budget.seed = inputs.seed();
  budget.watch = watch;
  if (inputs.has_effort())
    budget.effort = inputs.effort();
  else if (watch.time_limit)
    budget.effort = UINT64_MAX;
  return budget;
}

Result assign(const stages::Inputs &inputs, const stages::Resolved &resolved,
              const stages::Admissible &admissible, const Watch &watch, const Start &start) {
  Result result;
  const proto::Intent &intent = inputs.intent();
  const std::vector<NodeView> nodes = compiler::views(resolved.world());
  Objective objective = compiler::read_objective(intent, nodes);
  result.diagnostics = std::move(objective.diagnostics);
  if (!inputs.destroy())
    for (Diagnostic &fault : quotas(intent))
      result.diagnostics.push_back(std::move(fault));
  if (has_errors(result.diagnostics))
    return result;
  const compiler::Jobs jobs(inputs, resolved);
  result.diagnostics.insert(result.diagnostics.end(), jobs.diagnostics().begin(),
                            jobs.diagnostics().end());
  if (has_errors(result.diagnostics))
    return result;
  Problem problem = build(inputs, resolved, admissible, objective, jobs);
  problem.known = start.nodes;
  Budget budget = budget_of(inputs, watch);
  if (watch.better)
    budget.watch.better = [&](Found found) {
      found.in_euro = objective.in_euro;
      watch.better(found);
    };
  const Hysteresis hysteresis = hysteresis_of(inputs, resolved, jobs);
  budget.share = hysteresis.most ? 0.5 : 1;
  compiler::Egress egress(intent, resolved.world(), nodes, !compiler::is_selective(inputs));
  std::optional<Problem> whole; // settling pins replicas in the other
  if (!egress.none() && !start.as_it_is) {
    whole = problem;
    budget.share *= 0.4; // rounds follow
  }
  auto found = place_surviving(problem, budget, hysteresis, start.as_it_is);
  if (found && whole)
    found = place_flows(*whole, budget, hysteresis, objective, egress, std::move(*found));
  if (!found) {
    llvm::handleAllErrors(
        found.takeError(),
        [&](const Infeasible &conflict) {
          Diagnostic fault = tell(intent, nodes, problem, conflict);
          for (Note &note : tell(intent, nodes, problem, relaxations(problem, conflict, budget),
                                 objective.in_euro))
            fault.notes.push_back(std::move(note));
          result.diagnostics.push_back(std::move(fault));
        },
        [&](const NotFound &failure) {
          result.diagnostics.push_back(tell(intent, problem, failure));
        },
        [&](const NotSurvived &failure) {
          result.diagnostics.push_back(tell(intent, nodes, problem, failure));
        });
    return result;
  }
  result.placed = describe(inputs, nodes, admissible, objective, jobs, problem, *found,
                           hysteresis.held(problem, *found), resolved, egress);
  result.placed.set_cut(found->cut);
  return result;
}

} // namespace nemo::placement
