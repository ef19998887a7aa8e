#include "compiler/placement/bound/oracle.h"

#include <cmath>
#include <numeric>

namespace nemo::optimiser {

Oracle::Oracle(const Relaxation &relaxation)
    : relaxation_(relaxation), model_(relaxation.model()), nodes_(relaxation),
      likely_(model_.nodes), demand_(relaxation.resources()), row_(model_.nodes) {
  for (const Replica &replica : model_.replicas)
    for (size_t k = 0; k < demand_.size(); ++k)
      demand_[k] += static_cast<double>(relaxation.demand(model_.shapes[replica.shape], k));
}

const double *Oracle::row_of(const Floating &multipliers, uint32_t shape) {
  if (shape != row_shape_)
    relaxation_.row(multipliers, model_.shapes[shape], row_.data());
  row_shape_ = shape;
  return row_.data();
}

Oracle::Choice Oracle::choose(const Floating &multipliers, uint32_t replica) {
  const Replica &who = model_.replicas[replica];
  Choice best;
  if (who.absence_price != must_be_placed)
    best.cost = relaxation_.absence(1.0, who);
  relaxation_.for_each_option(multipliers, replica, row_of(multipliers, who.shape),
                              [&](uint32_t node, double cost) {
                                if (cost < best.cost)
                                  best = {cost, node};
                              });
  return best;
}

double Oracle::settle(const Floating &multipliers, const Unit &unit) {
  const Limit &limit = model_.limits[unit.limit];
  const Family &family = model_.families[limit.family];
  const size_t rows = unit.replicas.size();
  assignment_.cost.assign(rows * family.domains, Assignment::never);
  assignment_.exit.assign(rows, Assignment::never);
  node_in_.resize(rows * family.domains);
  for (size_t i = 0; i < rows; ++i) {
    const Replica &who = model_.replicas[unit.replicas[i]];
    double *const costs = assignment_.cost.data() + i * family.domains;
    uint32_t *const nodes = node_in_.data() + i * family.domains;
    if (who.absence_price != must_be_placed)
      assignment_.exit[i] = relaxation_.absence(1.0, who);
    relaxation_.for_each_option(multipliers, unit.replicas[i], row_of(multipliers, who.shape),
                                [&](uint32_t node, double cost) {
                                  const uint32_t domain = family.domain_of_node[node];
                                  if (cost < costs[domain]) {
                                    costs[domain] = cost;
                                    nodes[domain] = node;
                                  }
                                });
  }
  assignment_.solve(rows, family.domains, limit.most);
  double sum = 0;
  for (size_t i = 0; i < rows; ++i) {
    const uint32_t domain = assignment_.column_of()[i];
    sum += domain == Assignment::out ? assignment_.exit[i]
                                     : assignment_.cost[i * family.domains + domain];
  }
  return sum;
}

void Oracle::take(Answer &answer, uint32_t replica, uint32_t node) const {
  const Replica &who = model_.replicas[replica];
  if (node == who.home)
    answer.slope[relaxation_.stay(replica)] += 1;
  else
    for (size_t k = 0; k < relaxation_.resources(); ++k)
      answer.slope[relaxation_.load(k, node)] +=
          static_cast<double>(relaxation_.demand(model_.shapes[who.shape], k));
}

void Oracle::ask_nodes(Answer &answer, const Floating &multipliers) {
  for (uint32_t node = 0; node < model_.nodes; ++node) {
    answer.value += nodes_.solve(multipliers, node, likely_[node]);
    likely_[node] = nodes_.load();
    const std::vector<int64_t> in = nodes_.taken_in();
    for (size_t k = 0; k < in.size(); ++k)
      answer.slope[relaxation_.load(k, node)] -= static_cast<double>(in[k]);
    const auto &homes = relaxation_.homes(node);
    for (size_t i = 0; i < homes.size(); ++i)
      if (nodes_.kept()[i])
        answer.slope[relaxation_.stay(homes[i])] -= 1;
    for (size_t b = 0; b < model_.balances.size(); ++b) {
      const Balance &balance = model_.balances[b];
      auto free = [&](uint32_t d) {
        return static_cast<double>(relaxation_.capacity(d, node) - nodes_.load()[d] - in[d]);
      };
      answer.slope[relaxation_.balance(b, node)] =
          static_cast<double>(balance.target) * free(balance.of) - free(balance.to);
    }
  }
}

std::optional<Oracle::Answer> Oracle::ask(const std::vector<double> &values, bool tied,
                                          llvm::function_ref<bool()> enough) {
  const Floating multipliers{1, values};
  row_shape_ = UINT32_MAX;
  Answer answer{0, std::vector<double>(values.size())};
  for (const Unit &unit : relaxation_.units()) {
    if (enough())
      return std::nullopt;
    effort_ += unit.replicas.size() * model_.nodes;
    if (unit.limit == UINT32_MAX) {
      const Choice choice = choose(multipliers, unit.replicas[0]);
      answer.value += choice.cost;
      if (choice.node != nowhere)
        take(answer, unit.replicas[0], choice.node);
      continue;
    }
    answer.value += settle(multipliers, unit);
    const uint32_t domains = model_.families[model_.limits[unit.limit].family].domains;
    for (size_t i = 0; i < unit.replicas.size(); ++i)
      if (const uint32_t domain = assignment_.column_of()[i]; domain != Assignment::out)
        take(answer, unit.replicas[i], node_in_[i * domains + domain]);
  }
  ask_nodes(answer, multipliers);
  if (tied)
    tie(answer);
  return answer;
}

void Oracle::tie(Answer &answer) const {
  for (size_t k = 0; k < relaxation_.resources() + model_.balances.size(); ++k) {
    const auto begin = answer.slope.begin() + static_cast<ptrdiff_t>(relaxation_.load(k, 0));
    const auto end = begin + model_.nodes;
    std::fill(begin, end, std::accumulate(begin, end, 0.0) / model_.nodes);
  }
}

std::optional<int> Oracle::shift_of(const std::vector<double> &values) const {
  double most = 0x1p61; // all costs together
  for (size_t k = 0; k < relaxation_.resources(); ++k) {
    double price = 0;
    for (size_t node = 0; node < model_.nodes; ++node) {
      const double here = std::fabs(values[relaxation_.load(k, node)]);
      price = std::max(price, here);
      most += here * (1 + static_cast<double>(relaxation_.capacity(k, node)));
    }
    most += (price + 1) * (1 + demand_[k]);
  }
  for (size_t b = 0; b < model_.balances.size(); ++b)
    for (size_t node = 0; node < model_.nodes; ++node) {
      const Balance &balance = model_.balances[b];
      most += values[relaxation_.balance(b, node)] * (1 + static_cast<double>(balance.target)) *
              (1 + static_cast<double>(relaxation_.capacity(balance.of, node)) +
               static_cast<double>(relaxation_.capacity(balance.to, node)));
    }
  for (size_t r = 0; r < model_.replicas.size(); ++r)
    most += std::fabs(values[relaxation_.stay(r)]);
  // Both sides of what is dualised are in there, and lines below either.
  most *= 4;
  if (!(most < 0x1p118))
    return std::nullopt;
  return std::min(60, 118 - std::ilogb(most) - 1);
}

std::optional<Cost> Oracle::certify(const std::vector<double> &values,
                                    llvm::function_ref<bool()> enough) {
  using Wide = __int128;
  const Floating multipliers{1, values};
  const std::optional<int> shift = shift_of(values);
  if (!shift)
    return 0;
  const Wide one = Wide{1} << *shift;
  auto whole = [&](double value) { return static_cast<Wide>(std::ldexp(value, *shift)); };
  Multipliers<Wide> exact{one, {}};
  for (double value : values)
    exact.values.push_back(whole(value));
  std::vector<Wide> row(model_.nodes), place;
  uint32_t row_shape = UINT32_MAX;
  row_shape_ = UINT32_MAX;
  Wide sum = 0;
  NodeProblem<Wide> nodes(relaxation_);
  for (uint32_t node = 0; node < model_.nodes; ++node) {
    if (enough())
      return std::nullopt;
    sum += nodes.solve(exact, node, likely_[node]);
  }
  double places = 0;
  for (const Unit &unit : relaxation_.units()) {
    if (enough())
      return std::nullopt;
    // What a place under the limit is worth is one more multiplier, which the assignment knows.
    const std::vector<uint32_t> *domain_of = nullptr;
    if (unit.limit != UINT32_MAX) {
      settle(multipliers, unit);
      const Limit &limit = model_.limits[unit.limit];
      double worth = 0;
      for (double price : assignment_.price_of())
        worth += price * limit.most;
      places += worth;
      if (places < 0x1p60) {
        domain_of = &model_.families[limit.family].domain_of_node;
        place.clear();
        for (double price : assignment_.price_of()) {
          place.push_back(whole(price));
          sum -= place.back() * limit.most;
        }
      }
    }
    for (uint32_t replica : unit.replicas) {
      const Replica &who = model_.replicas[replica];
      if (who.shape != row_shape)
        relaxation_.row(exact, model_.shapes[who.shape], row.data());
      row_shape = who.shape;
      Wide least = 0;
      bool any = who.absence_price != must_be_placed;
      if (any)
        least = relaxation_.absence(one, who);
      relaxation_.for_each_option(exact, replica, row.data(), [&](uint32_t node, Wide cost) {
        if (domain_of)
          cost += place[(*domain_of)[node]];
        if (!any || cost < least)
          least = cost;
        any = true;
      });
      sum += least;
    }
  }
  if (sum <= 0)
    return 0;
  // Costs are whole: what is more than a number is at least the next one.
  return static_cast<Cost>(std::min<Wide>((sum + one - 1) / one, most_cost));
}

} // namespace nemo::optimiser
