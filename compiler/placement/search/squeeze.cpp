#include "compiler/placement/search/squeeze.h"

#include <algorithm>
#include <cmath>

namespace nemo::optimiser {

namespace {

/// The temperature at first and at last, in mean replicas; when prices count no more.
constexpr double hottest = 0.03, coldest = 0.005, prices_end = 0.6;

} // namespace

Squeeze::Squeeze(const Tables &tables)
    : tables_(tables), weight_(tables.rooms), excess_of_(tables.nodes) {
  for (uint32_t room = 0; room < tables.rooms; ++room) {
    double demand = 0;
    for (uint32_t replica = 0; replica < tables.replicas; ++replica)
      demand += static_cast<double>(std::abs(tables.row(replica)[room]));
    weight_[room] = demand > 0 ? tables.replicas / demand : 0;
    mean_ += demand > 0;
  }
  // In the money that the nodes cost, so that it compares with what replicas pay themselves.
  double price = 0;
  for (Cost open : tables.open_price)
    price += static_cast<double>(open);
  const double each = std::max(price, 1.0) / std::max(1u, tables.replicas) / std::max(mean_, 1.0);
  for (double &weight : weight_)
    weight *= each;
  mean_ *= each;
}

double Squeeze::excess(const int64_t *left) const {
  double sum = 0;
  for (uint32_t room = 0; room < tables_.rooms; ++room)
    sum += weight_[room] * static_cast<double>(std::max<int64_t>(-left[room], 0));
  return sum;
}

double Squeeze::excess_with(const int64_t *left, const int64_t *comes, const int64_t *goes) const {
  double sum = 0;
  for (uint32_t room = 0; room < tables_.rooms; ++room) {
    const int64_t after = left[room] - (comes ? comes[room] : 0) + (goes ? goes[room] : 0);
    sum += weight_[room] * static_cast<double>(std::max<int64_t>(-after, 0));
  }
  return sum;
}

void Squeeze::settle(uint32_t replica, uint32_t node) {
  const int64_t *taken = tables_.row_on(replica, node);
  for (uint32_t room = 0; room < tables_.rooms; ++room)
    left(node)[room] -= taken[room];
  node_of_[replica] = node;
  excess_ -= excess_of_[node];
  excess_of_[node] = excess(left(node));
  excess_ += excess_of_[node];
}

void Squeeze::leave(uint32_t replica) {
  const uint32_t node = node_of_[replica];
  const int64_t *taken = tables_.row_on(replica, node);
  for (uint32_t room = 0; room < tables_.rooms; ++room)
    left(node)[room] += taken[room];
  excess_ -= excess_of_[node];
  excess_of_[node] = excess(left(node));
  excess_ += excess_of_[node];
}

void Squeeze::begin(const State &state, const std::vector<uint32_t> &nodes, Random &random) {
  left_.resize(size_t{tables_.nodes} * tables_.rooms);
  for (uint32_t node = 0; node < tables_.nodes; ++node)
    std::copy_n(tables_.node_rows.begin() + std::ptrdiff_t{node} * tables_.stride, tables_.rooms,
                left_.begin() + std::ptrdiff_t{node} * tables_.rooms);
  std::vector<bool> open(tables_.nodes);
  for (uint32_t node : nodes)
    open[node] = true;
  std::fill(excess_of_.begin(), excess_of_.end(), 0.0);
  excess_ = 0;
  node_of_.assign(tables_.replicas, nowhere);
  placed_.clear();
  for (uint32_t replica = 0; replica < tables_.replicas; ++replica) {
    uint32_t node = state.node_of(replica);
    if (node == nowhere || !open[node]) {
      node = nowhere;
      uint32_t seen = 0;
      for (uint32_t other : nodes)
        if (tables_.may(replica, other) && random.below(++seen) == 0)
          node = other;
    }
    if (node == nowhere)
      continue;
    settle(replica, node);
    placed_.push_back(replica);
  }
}

void Squeeze::shift(uint32_t replica, uint32_t node, double most) {
  const uint32_t from = node_of_[replica];
  if (node == from || !tables_.may(replica, node))
    return;
  double change = excess_with(left(from), nullptr, tables_.row_on(replica, from)) -
                  excess_of_[from] + own(replica, node) - own(replica, from);
  if (change > most)
    return;
  change += excess_with(left(node), tables_.row_on(replica, node), nullptr) - excess_of_[node];
  if (change > most)
    return;
  leave(replica);
  settle(replica, node);
}

void Squeeze::swap(uint32_t one, uint32_t other, double most) {
  const uint32_t a = node_of_[one], b = node_of_[other];
  if (a == b || !tables_.may(one, b) || !tables_.may(other, a))
    return;
  const double change = excess_with(left(a), tables_.row_on(other, a), tables_.row_on(one, a)) -
                        excess_of_[a] +
                        excess_with(left(b), tables_.row_on(one, b), tables_.row_on(other, b)) -
                        excess_of_[b] + own(one, b) - own(one, a) + own(other, a) - own(other, b);
  if (change > most)
    return;
  leave(one);
  leave(other);
  settle(one, b);
  settle(other, a);
}

std::vector<uint32_t> Squeeze::place(const State &state, const std::vector<uint32_t> &nodes,
                                     Random &random, Budget &budget, uint64_t ticks) {
  begin(state, nodes, random);
  budget.spend(tables_.replicas);
  if (placed_.empty() || nodes.empty())
    return {};
  const auto count = static_cast<uint32_t>(placed_.size()),
             open = static_cast<uint32_t>(nodes.size());
  constexpr uint32_t steps = 256;
  for (uint64_t spent = 0; spent < ticks && budget.left(); spent += steps) {
    const double done = static_cast<double>(spent) / static_cast<double>(ticks);
    const double temperature = mean_ * hottest * std::pow(coldest / hottest, done);
    of_prices_ = std::max(0.0, 1 - done / prices_end);
    for (uint32_t step = 0; step < steps; ++step) {
      const double most = -temperature * std::log(1 - random.unit());
      const uint32_t one = placed_[random.below(count)];
      if (random.below(3) == 0)
        shift(one, nodes[random.below(open)], most);
      else
        swap(one, placed_[random.below(count)], most);
    }
    budget.spend(steps);
    // The sum of many changes is nothing but for rounding.
    if (excess_ <= 1e-6 * mean_ && std::all_of(nodes.begin(), nodes.end(), [&](uint32_t node) {
          return excess_of_[node] == 0;
        }))
      return node_of_;
  }
  return {};
}

} // namespace nemo::optimiser
