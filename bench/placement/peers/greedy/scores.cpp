#include <algorithm>
#include <cmath>
#include <set>

#include "bench/placement/peers/greedy/greedy.h"

namespace nemo::bench::peers {

namespace {

const optimiser::Shape &shape_of(const Placed &placed, uint32_t replica) {
  return placed.model().shapes[placed.model().replicas[replica].shape];
}

// Used with the replica there, of the capacity.
double share(const Placed &placed, uint32_t replica, uint32_t node, uint32_t resource) {
  const optimiser::Model &model = placed.model();
  const int64_t capacity = model.capacity[node * model.resources.size() + resource];
  return capacity == 0 ? 1
                       : static_cast<double>(placed.used(node, resource) +
                                             shape_of(placed, replica).demand[resource]) /
                             static_cast<double>(capacity);
}

double least_allocated(const Placed &placed, uint32_t replica, uint32_t node) {
  return std::floor((std::floor(100 * (1 - share(placed, replica, node, 0))) +
                     std::floor(100 * (1 - share(placed, replica, node, 1)))) /
                    2);
}

// The standard deviation of two shares is half their difference.
double balanced(const Placed &placed, uint32_t replica, uint32_t node) {
  return std::floor(
      100 * (1 - std::abs(share(placed, replica, node, 0) - share(placed, replica, node, 1)) / 2));
}

struct Constraint {
  uint32_t family;
  double skew;
};

// By node of `nodes`: few of the same service in the same domains is best.
std::vector<double> spread(const Placed &placed, uint32_t replica, llvm::ArrayRef<uint32_t> nodes,
                           llvm::ArrayRef<Constraint> constraints) {
  const uint32_t service = placed.model().replicas[replica].groups.front();
  std::vector<double> raw(nodes.size());
  for (const Constraint &constraint : constraints) {
    const auto &domain_of = placed.model().families[constraint.family].domain_of_node;
    std::set<uint32_t> domains;
    for (uint32_t node : nodes)
      domains.insert(domain_of[node]);
    const double weight = std::log(static_cast<double>(domains.size() + 2));
    for (size_t i = 0; i < nodes.size(); ++i)
      raw[i] += placed.count(service, constraint.family, domain_of[nodes[i]]) * weight +
                constraint.skew - 1;
  }
  for (double &score : raw)
    score = std::round(score);
  const double most = *std::max_element(raw.begin(), raw.end()),
               least = *std::min_element(raw.begin(), raw.end());
  for (double &score : raw)
    score = most == 0 ? 100 : std::floor(100 * (most + least - score) / most);
  return raw;
}

} // namespace

Choose spread_and_least_allocated(uint32_t node_family, uint32_t zone_family, uint64_t seed) {
  return [=, random = optimiser::Random(seed)](const Placed &placed, uint32_t replica,
                                               llvm::ArrayRef<uint32_t> nodes) mutable {
    const Constraint constraints[] = {{node_family, 3}, {zone_family, 5}};
    const std::vector<double> spreads = spread(placed, replica, nodes, constraints);
    double best = -1;
    uint32_t chosen = nodes.front(), ties = 0;
    for (size_t i = 0; i < nodes.size(); ++i) {
      const double score = least_allocated(placed, replica, nodes[i]) +
                           balanced(placed, replica, nodes[i]) + 2 * spreads[i];
      ties = score > best ? 1 : ties + (score == best);
      if (score > best || (score == best && random.below(ties) == 0))
        chosen = nodes[i];
      best = std::max(best, score);
    }
    return chosen;
  };
}

Choose carbon_then_most_allocated(std::vector<double> intensity) {
  return [intensity = std::move(intensity)](const Placed &placed, uint32_t replica,
                                            llvm::ArrayRef<uint32_t> nodes) {
    auto better = [&](uint32_t a, uint32_t b) {
      if (intensity[a] != intensity[b])
        return intensity[a] < intensity[b];
      return least_allocated(placed, replica, a) < least_allocated(placed, replica, b);
    };
    return *std::min_element(nodes.begin(), nodes.end(), better);
  };
}

Choose least_added_cost() {
  return [](const Placed &placed, uint32_t replica, llvm::ArrayRef<uint32_t> nodes) {
    const optimiser::Model &model = placed.model();
    const optimiser::Shape &shape = shape_of(placed, replica);
    auto added = [&](uint32_t node) {
      return (placed.hosts(node) || model.open_price.empty() ? 0 : model.open_price[node]) +
             (shape.prices == UINT32_MAX ? 0 : model.prices[shape.prices][node]) +
             price_by_unit(model, shape, node);
    };
    return *std::min_element(nodes.begin(), nodes.end(),
                             [&](uint32_t a, uint32_t b) { return added(a) < added(b); });
  };
}

} // namespace nemo::bench::peers
