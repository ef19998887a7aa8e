#include "bench/placement/continuum/experiment.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "bench/support/bench.h"
#include "compiler/placement/bound/bound.h"
#include "compiler/placement/search/search.h"

namespace nemo::bench::continuum {

namespace {

enum : uint32_t { node_family, site_family }; // of the model

} // namespace

llvm::Expected<World> make_world(const Setting &setting) {
  World world;
  auto network = read_network(setting.topology);
  if (!network)
    return network.takeError();
  world.network = std::move(*network);
  world.quietest = setting.quietest_percent / 100.0;
  world.moving = setting.moving_percent / 100.0;
  auto nodes = read_fleet(world.network, {setting.nodes, setting.suspending_percent, setting.seed});
  if (!nodes)
    return nodes.takeError();
  world.nodes = std::move(*nodes);
  auto graphs = read_graphs();
  if (!graphs)
    return graphs.takeError();
  world.graphs = std::move(*graphs);
  double cores = 0;
  std::set<uint32_t> hosts;
  for (const Node &node : world.nodes) {
    cores += static_cast<double>(node.cpu_milli) / 1000;
    hosts.insert(node.site);
  }
  auto applications =
      make_applications(world.graphs, world.network, {hosts.begin(), hosts.end()},
                        {setting.applications, cores * setting.load_percent / 100, setting.seed});
  if (!applications)
    return applications.takeError();
  world.applications = std::move(*applications);
  return world;
}

const char *name_of(Policy policy) {
  switch (policy) {
  case least_allocated:
    return "spread + least-allocated";
  case carbon_greedy:
    return "carbon-greedy + most-allocated";
  case carbon_anew:
    return "carbon-greedy, anew when best";
  case carbon_scaled:
    return "carbon-greedy, scaled down";
  case gram_greedy:
    return "greedy by added grams";
  default:
    return "nemo";
  }
}

std::vector<uint32_t> days_of_year(const Intensity &intensity, uint32_t count) {
  std::vector<uint32_t> days;
  const uint32_t usable = intensity.days() - days_looked_back;
  for (uint32_t i = 0; i < std::min(count, usable); ++i)
    days.push_back(days_looked_back + static_cast<uint32_t>(uint64_t{i} * usable / count));
  return days;
}

Experiment::Experiment(World world, const Intensity &intensity, std::vector<uint32_t> days,
                       uint64_t seed, uint64_t effort)
    : world_(std::move(world)), intensity_(intensity), days_(std::move(days)), seed_(seed),
      effort_(effort), problem_(state_problem(world_)),
      zone_of_site_(world_.network.sites.size(), UINT32_MAX) {
  for (uint32_t replica = 0; replica < problem_.copies.size(); ++replica) {
    const uint32_t application = problem_.copies[replica].application;
    if (parts_.size() == application)
      parts_.push_back({replica, replica});
    parts_.back().end = replica + 1;
  }
  const auto &zones = intensity.zones();
  for (const Node &node : world_.nodes)
    zone_of_site_[node.site] = static_cast<uint32_t>(
        std::find(zones.begin(), zones.end(), *world_.network.sites[node.site].zone) -
        zones.begin());
}

std::vector<Day> Experiment::by_site(uint32_t day, bool forecast) const {
  std::vector<Day> out(zone_of_site_.size());
  for (size_t site = 0; site < out.size(); ++site)
    if (const uint32_t zone = zone_of_site_[site]; zone < intensity_.zones().size())
      out[site] = forecast ? intensity_.forecast(zone, day) : intensity_.realised(zone, day);
  return out;
}

llvm::Expected<Outcome> Experiment::run(Policy policy, const Weights &weights) {
  Outcome out;
  const double part = 1 / static_cast<double>(days_.size());
  for (uint32_t day : days_) {
    if (interrupted())
      return interruption();
    const std::vector<Day> forecast = by_site(day, true);
    const auto begin = std::chrono::steady_clock::now();
    auto planned = plan(policy, forecast, weights);
    if (!planned)
      return planned.takeError();
    out.placing_s +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() * part;
    judge(*planned, out);
    out.forecast_grams += settle(world_, problem_, *planned, forecast).grams * part;
    const Account account = settle(world_, problem_, *planned, by_site(day, false));
    for (auto field :
         {&Account::kwh, &Account::grams, &Account::always, &Account::idle, &Account::load,
          &Account::waking, &Account::moving, &Account::awake, &Account::moves})
      out.account.*field += account.*field * part;
    for (const optimiser::Solution &solution : *planned) {
      const Delays delays = delays_of(world_, problem_, solution);
      out.delays.mean_access_ms += delays.mean_access_ms * part / hours_of_day;
      out.delays.p50_ms += delays.p50_ms * part / hours_of_day;
      out.delays.p99_ms += delays.p99_ms * part / hours_of_day;
      out.delays.over_limit += delays.over_limit;
    }
  }
  return out;
}

llvm::Expected<double> Experiment::least_grams(double seconds) {
  const std::vector<Day> forecast = by_site(days_.front(), true);
  auto planned = optimise(forecast, grams_only);
  if (!planned)
    return planned.takeError();
  optimiser::BoundOptions options;
  options.time_limit =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
  const optimiser::Solution nobody{
      std::vector<uint32_t>(problem_.copies.size(), optimiser::nowhere), {}, 0};
  double grams = settle(world_, problem_, Plan(hours_of_day, nobody), forecast).grams;
  for (uint32_t hour = 0; hour < hours_of_day; ++hour) {
    if (interrupted())
      return interruption();
    set_demand(problem_, world_, {hour, hour + 1});
    set_prices(problem_, world_, {hour, hour + 1}, forecast, grams_only, {});
    options.incumbent = optimiser::evaluate(problem_.model, (*planned)[hour]).total();
    grams +=
        static_cast<double>(optimiser::bound(problem_.model, options).value) / grams_only.per_gram;
  }
  return grams;
}

// Every hour by itself, with what it asks for.
void Experiment::judge(const Plan &plan, Outcome &outcome) {
  for (uint32_t hour = 0; hour < plan.size(); ++hour) {
    set_demand(problem_, world_, {hour, hour + 1});
    const optimiser::Evaluation judged = optimiser::evaluate(problem_.model, plan[hour]);
    if (!judged.feasible() && outcome.violation.empty())
      outcome.violation = judged.violations.front();
    outcome.unplaced += static_cast<uint32_t>(
        std::count(plan[hour].node_of.begin(), plan[hour].node_of.end(), optimiser::nowhere));
  }
}

llvm::Expected<Plan> Experiment::plan(Policy policy, const std::vector<Day> &forecast,
                                      const Weights &weights) {
  Plan plan;
  switch (policy) {
  case optimised:
    return optimise(forecast, weights);
  case carbon_scaled:
    return scale_down(forecast);
  case carbon_anew:
    return place_anew(forecast, weights);
  default:
    plan.assign(hours_of_day, place(policy, {}, forecast, weights));
    return plan;
  }
}

llvm::Expected<Plan> Experiment::optimise(const std::vector<Day> &forecast,
                                          const Weights &weights) {
  // What a scheduler would have come to, if it keeps the rules, is where the search begins.
  std::optional<optimiser::Solution> start;
  optimiser::Cost least = optimiser::most_cost;
  for (Policy greedy : {carbon_greedy, gram_greedy}) {
    optimiser::Solution solution = place(greedy, {}, forecast, weights);
    const optimiser::Evaluation judged = optimiser::evaluate(problem_.model, solution);
    if (judged.feasible() && judged.total() < least) {
      least = judged.total();
      start = std::move(solution);
    }
  }
  optimiser::Options options;
  options.seed = seed_;
  options.effort = effort_;
  return plan_day(problem_, world_, forecast, weights, start, options);
}

Plan Experiment::place_anew(const std::vector<Day> &forecast, const Weights &weights) {
  Plan best;
  double least = 0;
  for (uint32_t every : {1, 2, 3, 4, 6, 8, 12}) {
    Plan plan;
    for (uint32_t begin = 0; begin < hours_of_day; begin += every)
      plan.insert(plan.end(), every, place(carbon_anew, {begin, begin + every}, forecast, weights));
    const double grams = settle(world_, problem_, plan, forecast).grams;
    if (best.empty() || grams < least) {
      least = grams;
      best = std::move(plan);
    }
  }
  return best;
}

// What is asked for is said hour by hour, or is the peak all day: as the forecast says is best.
Plan Experiment::scale_down(const std::vector<Day> &forecast) {
  Plan by_hour, peak;
  for (uint32_t hour = 0; hour < hours_of_day; ++hour) {
    set_demand(problem_, world_, {hour, hour + 1});
    by_hour.push_back(scale_down(by_hour, forecast));
  }
  set_demand(problem_, world_, {});
  for (uint32_t hour = 0; hour < hours_of_day; ++hour)
    peak.push_back(scale_down(peak, forecast));
  return settle(world_, problem_, by_hour, forecast).grams <
                 settle(world_, problem_, peak, forecast).grams
             ? by_hour
             : peak;
}

// What runs is to run all day, so it is placed by the day's mean.
optimiser::Solution Experiment::scale_down(const Plan &so_far, const std::vector<Day> &forecast) {
  std::vector<bool> can_sleep;
  std::vector<double> intensity;
  for (const Node &node : world_.nodes) {
    can_sleep.push_back(node.suspends);
    intensity.push_back(mean(forecast[node.site]));
  }
  const peers::Choose choose = carbon_score({}, forecast);
  if (!so_far.empty()) {
    const auto cleaner = [&](uint32_t from, uint32_t to) {
      return intensity[to] <= intensity[from];
    };
    peers::Placement kept =
        peers::keep_and_scale_down(problem_.model, so_far.back(), can_sleep, choose, cleaner);
    if (kept.unplaced == 0)
      return std::move(kept.solution);
  }
  return peers::place_in_order(problem_.model, parts_, site_family, choose).solution;
}

optimiser::Solution Experiment::place(Policy policy, Hours hours, const std::vector<Day> &forecast,
                                      const Weights &weights) {
  set_demand(problem_, world_, hours);
  set_prices(problem_, world_, hours, forecast, weights, {});
  return peers::place_in_order(problem_.model, parts_, site_family,
                               policy == least_allocated ? peers::spread_and_least_allocated(
                                                               node_family, site_family, seed_)
                               : policy == gram_greedy ? peers::least_added_cost()
                                                       : carbon_score(hours, forecast))
      .solution;
}

peers::Choose Experiment::carbon_score(Hours hours, const std::vector<Day> &forecast) const {
  std::vector<double> of_node;
  for (const Node &node : world_.nodes)
    of_node.push_back(mean(
        llvm::ArrayRef<double>(forecast[node.site]).slice(hours.begin, hours.end - hours.begin)));
  return peers::carbon_then_most_allocated(std::move(of_node));
}

} // namespace nemo::bench::continuum
