#include "bench/placement/continuum/problem.h"

#include <algorithm>
#include <cmath>

#include "bench/placement/continuum/forecast.h"

namespace nemo::bench::continuum {

namespace {

using optimiser::Model;

enum : uint32_t { cpu, memory, dimensions };
enum : uint32_t { by_node, by_site };
constexpr double hours_to_wake = 3.0 / 60;

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
      if (s == 0)
        shape.prices = index; // one list for each application, see set_prices
      model.shapes.push_back(std::move(shape));
      if (service.copies > 1)
        model.limits.push_back({first_group + s, by_node, 1});
      for (uint32_t copy = 0; copy < service.copies; ++copy) {
        optimiser::Replica replica;
        replica.shape = static_cast<uint32_t>(model.shapes.size() - 1);
        replica.groups = {first_group + s};
        model.replicas.push_back(std::move(replica));
        out_.copies.push_back({index, s});
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

} // namespace

double wake_kwh(const Node &node) { return node.full_watts * hours_to_wake / 1000; }

Problem state_problem(const World &world) { return Stater(world).state(); }

void set_prices(Problem &problem, const World &world, const std::vector<double> &intensity,
                const Weights &weights) {
  Model &model = problem.model;
  model.open_price.clear();
  model.unit_price.clear();
  for (const Node &node : world.nodes) {
    const double per_kwh = weights.per_kwh + weights.per_gram * intensity[node.site];
    // A node that cannot be suspended draws its idle power in any case.
    const double kw = node.suspends ? (node.idle_watts - node.suspended_watts) / 1000 +
                                          wake_kwh(node) / hours_of_day
                                    : 0;
    model.open_price.push_back(std::llround(kw * per_kwh));
    const double kw_per_unit =
        (node.full_watts - node.idle_watts) / 1000 / static_cast<double>(node.cpu_milli);
    model.unit_price.push_back(std::llround(kw_per_unit * per_kwh * (1 << 20)));
    model.unit_price.push_back(0);
  }
  model.prices.clear();
  for (const Application &application : world.applications) {
    model.prices.emplace_back();
    for (const Node &node : world.nodes) {
      const int64_t delay = world.network.delay(application.access_site, node.site);
      model.prices.back().push_back(
          delay == unreachable ? 0
                               : std::llround(weights.per_ms * static_cast<double>(delay) / 1000));
    }
  }
}

} // namespace nemo::bench::continuum
