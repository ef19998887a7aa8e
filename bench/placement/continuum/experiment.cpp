#include "bench/placement/continuum/experiment.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "bench/support/bench.h"
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
  for (uint32_t day : days_) {
    if (interrupted())
      return interruption();
    std::vector<double> forecast;
    for (const Day &of_site : by_site(day, true))
      forecast.push_back(mean(of_site));
    set_prices(problem_, world_, forecast, weights);
    if (auto error = optimiser::check(problem_.model))
      return std::move(error);
    const auto begin = std::chrono::steady_clock::now();
    auto solution = place(policy, forecast, out);
    if (!solution)
      return solution.takeError();
    out.placing_s +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() /
        static_cast<double>(days_.size());
    const optimiser::Evaluation judged = optimiser::evaluate(problem_.model, *solution);
    if (!judged.feasible() && out.violation.empty())
      out.violation = judged.violations.front();
    const Account account = settle(world_, problem_, *solution, by_site(day, false));
    const Delays delays = delays_of(world_, problem_, *solution);
    const auto part = 1 / static_cast<double>(days_.size());
    out.account.kwh += account.kwh * part;
    out.account.grams += account.grams * part;
    out.account.awake += account.awake * part;
    out.delays.mean_access_ms += delays.mean_access_ms * part;
    out.delays.p50_ms += delays.p50_ms * part;
    out.delays.p99_ms += delays.p99_ms * part;
    out.delays.over_limit += delays.over_limit;
  }
  return out;
}

llvm::Expected<optimiser::Solution>
Experiment::place(Policy policy, const std::vector<double> &forecast, Outcome &outcome) {
  if (policy != optimised) {
    peers::Placement placement = score(policy, forecast);
    outcome.unplaced += placement.unplaced;
    outcome.retried += placement.retried;
    return std::move(placement.solution);
  }
  // What a scheduler would have come to, if it keeps the rules, is where the search begins.
  std::optional<optimiser::Solution> start;
  optimiser::Cost least = optimiser::most_cost;
  for (Policy greedy : {carbon_greedy, gram_greedy}) {
    peers::Placement placement = score(greedy, forecast);
    const optimiser::Evaluation judged = optimiser::evaluate(problem_.model, placement.solution);
    if (judged.feasible() && judged.total() < least) {
      least = judged.total();
      start = std::move(placement.solution);
    }
  }
  optimiser::Options options;
  options.seed = seed_;
  options.effort = effort_;
  return optimiser::solve(problem_.model, start, options);
}

peers::Placement Experiment::score(Policy policy, const std::vector<double> &forecast) const {
  std::vector<double> of_node;
  for (const Node &node : world_.nodes)
    of_node.push_back(forecast[node.site]);
  return peers::place_in_order(
      problem_.model, parts_, site_family,
      policy == least_allocated ? peers::spread_and_least_allocated(node_family, site_family, seed_)
      : policy == carbon_greedy ? peers::carbon_then_most_allocated(std::move(of_node))
                                : peers::least_added_cost());
}

} // namespace nemo::bench::continuum
