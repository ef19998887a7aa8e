#include "bench/placement/continuum/problem.h"

#include <algorithm>
#include <cmath>

namespace nemo::bench::continuum {

namespace {

using optimiser::Model;

enum : uint32_t { cpu, memory, dimensions };
enum : uint32_t { by_node, by_site };
constexpr double hours_to_wake = 3.0 / 60;
// By fixed lines in 2015 it was 0.06 kWh/GB, half of that two years later, and so on; this is 2020.
// Source: Aslan, Mayers, Koomey and France (2018), "Electricity Intensity of Internet Data
// Transmission".
constexpr double network_kwh_per_gib = 0.0114;
constexpr double busiest_hour = 20, degrees_per_hour = 15;

class Stater {
public:
  explicit Stater(const World &world) : world_(world) {}

  Problem state() {
    Model &model = out_.model;
    model.resources.resize(dimensions);
    model.nodes = static_cast<uint32_t>(world_.nodes.size());
    model.families = {{{}, model.nodes}, {{}, static_cast<uint32_t>(world_.network.sites.size())}};
    for (uint32_t node = 0; node < model.nodes; ++node) {
      model.capacity.push_back(world_.nodes[node].cpu_milli);
      model.capacity.push_back(world_.nodes[node].memory_mib);
      model.families[by_node].domain_of_node.push_back(node);
      model.families[by_site].domain_of_node.push_back(world_.nodes[node].site);
    }
    model.safety = model.capacity;
    for (uint32_t i = 0; i < world_.applications.size(); ++i)
      state(i);
    return std::move(out_);
  }

private:
  void state(uint32_t index) {
    const Application &application = world_.applications[index];
    const Graph &graph = world_.graphs[application.graph];
    Model &model = out_.model;
    const uint32_t reach = within(application.access_site, radius_us(application, graph));
    const uint32_t first_group = model.groups; ///< of each service one
    model.groups += static_cast<uint32_t>(graph.services.size());
    for (uint32_t s = 0; s < graph.services.size(); ++s) {
      const Service &service = graph.services[s];
      optimiser::Shape shape;
      shape.demand = {std::max<int64_t>(1, std::llround(1000 * service.cores * application.load)),
                      std::max<int64_t>(1, std::llround(service.memory_mib * application.load))};
      shape.allowed = reach;
      if (service.copies > 1)
        model.limits.push_back({first_group + s, by_node, 1});
      for (uint32_t copy = 0; copy < service.copies; ++copy) {
        optimiser::Replica replica;
        replica.shape = shape.prices = static_cast<uint32_t>(model.shapes.size());
        replica.groups = {first_group + s};
        model.shapes.push_back(shape);
        model.replicas.push_back(std::move(replica));
        out_.copies.push_back({index, s});
        out_.peak_milli.push_back(shape.demand[cpu]);
      }
    }
    for (const auto &[from, to] : graph.calls)
      if (is_store(graph.services[to]))
        model.nears.push_back({first_group + to, first_group + from, by_site});
  }

  uint32_t within(uint32_t site, int64_t limit) {
    std::vector<bool> set;
    for (const Node &node : world_.nodes)
      set.push_back(world_.network.delay(site, node.site) <= limit);
    out_.model.node_sets.push_back(std::move(set));
    return static_cast<uint32_t>(out_.model.node_sets.size() - 1);
  }

  const World &world_;
  Problem out_;
};

// Of one run of hours.
class Pricer {
public:
  Pricer(Problem &problem, const World &world, Hours hours, const std::vector<Day> &intensity,
         const Weights &weights, const Neighbours &neighbours)
      : problem_(problem), world_(world), hours_(hours), intensity_(intensity), weights_(weights),
        neighbours_(neighbours) {}

  void set() {
    set_open_prices();
    auto &prices = problem_.model.prices;
    prices.resize(problem_.copies.size());
    for (uint32_t replica = 0; replica < problem_.copies.size(); ++replica) {
      const uint32_t application = problem_.copies[replica].application;
      if (replica == 0 || problem_.copies[replica - 1].application != application)
        set_load_prices(world_.applications[application]);
      prices[replica].resize(world_.nodes.size());
      for (uint32_t node = 0; node < world_.nodes.size(); ++node)
        prices[replica][node] = std::llround(price(replica, node));
    }
  }

private:
  double per_kwh(uint32_t site, uint32_t hour) const {
    return weights_.per_kwh + weights_.per_gram * intensity_[site][hour];
  }

  void set_open_prices() {
    const auto before = neighbours_.before
                            ? hosting(world_, *neighbours_.before)
                            : std::vector<bool>(world_.nodes.size(), hours_.begin > 0);
    const auto after = neighbours_.after ? hosting(world_, *neighbours_.after)
                                         : std::vector<bool>(world_.nodes.size());
    problem_.model.open_price.clear();
    for (uint32_t n = 0; n < world_.nodes.size(); ++n) {
      const Node &node = world_.nodes[n];
      double price = 0; // what cannot be suspended draws its idle power in any case
      if (node.suspends) {
        for (uint32_t hour = hours_.begin; hour < hours_.end; ++hour)
          price += (node.idle_watts - node.suspended_watts) / 1000 * per_kwh(node.site, hour);
        if (!before[n])
          price += wake_kwh(node) * per_kwh(node.site, hours_.begin);
        if (after[n]) // who stays awake need not be woken
          price -= wake_kwh(node) * per_kwh(node.site, hours_.end);
      }
      problem_.model.open_price.push_back(std::max<int64_t>(0, std::llround(price)));
    }
  }

  // By site, what a kW at peak comes to in these hours.
  void set_load_prices(const Application &application) {
    load_price_.assign(intensity_.size(), 0);
    for (uint32_t hour = hours_.begin; hour < hours_.end; ++hour) {
      const double share = share_of_peak(world_, application, hour);
      for (uint32_t site = 0; site < intensity_.size(); ++site)
        load_price_[site] += share * per_kwh(site, hour);
    }
  }

  double price(uint32_t replica, uint32_t node) const {
    const uint32_t site = world_.nodes[node].site;
    double price = kw_per_milli(world_.nodes[node]) *
                   static_cast<double>(problem_.peak_milli[replica]) * load_price_[site];
    if (problem_.copies[replica].service == 0 && weights_.per_ms > 0) {
      const Application &application = world_.applications[problem_.copies[replica].application];
      const int64_t delay = world_.network.delay(application.access_site, site);
      if (delay != unreachable)
        price += weights_.per_ms * (hours_.end - hours_.begin) * static_cast<double>(delay) / 1000;
    }
    if (neighbours_.before)
      price += move_price(replica, neighbours_.before->node_of[replica], node, hours_.begin);
    if (neighbours_.after)
      price += move_price(replica, node, neighbours_.after->node_of[replica], hours_.end);
    return price;
  }

  double move_price(uint32_t replica, uint32_t from, uint32_t to, uint32_t hour) const {
    if (from == to)
      return 0;
    const Move move = move_of(world_, problem_, replica, hour, from, to);
    const double there = per_kwh(world_.nodes[to].site, hour);
    return move.network_kwh * (per_kwh(world_.nodes[from].site, hour) + there) / 2 +
           move.twice_kwh * there;
  }

  Problem &problem_;
  const World &world_;
  const Hours hours_;
  const std::vector<Day> &intensity_;
  const Weights &weights_;
  const Neighbours &neighbours_;
  std::vector<double> load_price_;
};

} // namespace

double share_of_peak(const World &world, const Application &application, uint32_t hour) {
  const double local =
      hour + world.network.sites[application.access_site].longitude / degrees_per_hour;
  const double turn = 2 * 3.14159265358979323846 * (local - busiest_hour) / hours_of_day;
  return (1 + world.quietest) / 2 + (1 - world.quietest) / 2 * std::cos(turn);
}

double wake_kwh(const Node &node) { return node.full_watts * hours_to_wake / 1000; }

double kw_per_milli(const Node &node) {
  return (node.full_watts - node.idle_watts) / 1000 / static_cast<double>(node.cpu_milli);
}

Move move_of(const World &world, const Problem &problem, uint32_t replica, uint32_t hour,
             uint32_t from, uint32_t to) {
  const double gib = static_cast<double>(problem.model.shapes[replica].demand[memory]) / 1024;
  const Application &application = world.applications[problem.copies[replica].application];
  const double network = world.nodes[from].site == world.nodes[to].site ? 0 : network_kwh_per_gib;
  return {world.moving * gib * network, world.moving * kw_per_milli(world.nodes[to]) *
                                            static_cast<double>(problem.peak_milli[replica]) *
                                            share_of_peak(world, application, hour) *
                                            hours_to_wake};
}

std::vector<bool> hosting(const World &world, const optimiser::Solution &solution) {
  std::vector<bool> out(world.nodes.size());
  for (uint32_t node : solution.node_of)
    if (node != optimiser::nowhere)
      out[node] = true;
  return out;
}

Problem state_problem(const World &world) { return Stater(world).state(); }

void set_demand(Problem &problem, const World &world, Hours hours) {
  for (uint32_t replica = 0; replica < problem.copies.size(); ++replica) {
    const Application &application = world.applications[problem.copies[replica].application];
    double most = 0;
    for (uint32_t hour = hours.begin; hour < hours.end; ++hour)
      most = std::max(most, share_of_peak(world, application, hour));
    problem.model.shapes[replica].demand[cpu] =
        std::max<int64_t>(1, std::llround(most * static_cast<double>(problem.peak_milli[replica])));
  }
}

void set_prices(Problem &problem, const World &world, Hours hours,
                const std::vector<Day> &intensity, const Weights &weights,
                const Neighbours &neighbours) {
  Pricer(problem, world, hours, intensity, weights, neighbours).set();
}

} // namespace nemo::bench::continuum
