#include "compiler/placement/build_prices.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "compiler/resolve/suspend.h"

namespace nemo::placement {

using compiler::NodeView;
using compiler::Objective;

namespace {

// A whole node's idle and busy shares give the two prices that every replica's cost is made of.
// \param runs  of a job, by node; empty: of a service
CostClass cost_class(const std::vector<NodeView> &nodes, const std::vector<compiler::Weights> &list,
                     const std::vector<compiler::Run> &runs) {
  CostClass prices;
  const double per_hour = 3600e9; // 1e-9 of the objective's unit
  for (size_t n = 0; n < nodes.size(); ++n) {
    const compiler::Weights &weights = list[list.size() == 1 ? 0 : n];
    const proto::Node &node = *nodes[n].node;
    const compiler::Run now{0, 3'600'000};
    const compiler::Run &run = runs.empty() ? now : runs[n];
    const double hours = static_cast<double>(run.duration_ms) / 3.6e6;
    std::optional<double> carbon, price;
    if (const proto::Site *site = nodes[n].site; runs.empty() && site) {
      if (site->has_carbon_mg_per_kwh())
        carbon = static_cast<double>(site->carbon_mg_per_kwh()) / (1e3 * 3.6e6);
      if (site->has_price_neur_per_kwh())
        price = static_cast<double>(site->price_neur_per_kwh()) / (1e9 * 3.6e6);
    } else if (site) {
      if (const auto sum = compiler::carbon_over(run, nodes[n]))
        carbon = sum->to_double();
      if (const auto sum = compiler::price_over(run, nodes[n]))
        price = sum->to_double();
    }
    const bool power = node.has_power_idle_mw() && node.has_power_max_mw();
    const bool known =
        weights.missing.empty() && (weights.energy.is_zero() || power) &&
        (weights.carbon.is_zero() || (power && carbon)) &&
        (weights.cost.is_zero() || (power && node.has_price_neur_per_hour() && price));
    prices.known.push_back(known);
    const double watt = weights.energy.to_double() * hours +
                        weights.cost.to_double() * price.value_or(0) +
                        weights.carbon.to_double() * carbon.value_or(0);
    const double awake = static_cast<double>(compiler::awake_ppb(node)) / 1e9;
    const double idle = awake * static_cast<double>(node.power_idle_mw()) / 1e3;
    const double most = awake * static_cast<double>(node.power_max_mw()) / 1e3;
    const double node_price = static_cast<double>(node.price_neur_per_hour()) / (1e9 * 3600);
    prices.per_cpu.push_back((most - idle) * watt * per_hour);
    const double shared = compiler::can_sleep(nodes[n]) ? 0 : idle;
    prices.per_share.push_back((shared * watt + weights.cost.to_double() * node_price * hours) *
                               per_hour);
  }
  return prices;
}

void price_awake(Problem &problem, const std::vector<NodeView> &nodes, const Objective &objective) {
  if (std::none_of(nodes.begin(), nodes.end(), compiler::can_sleep))
    return;
  for (size_t n = 0; n < nodes.size(); ++n) {
    const double value = objective.awake(nodes[n], n).value_or(Rational()).to_double() * 3600e9;
    problem.awake.push_back(std::llround(std::min(value, 1e15)));
  }
}

// Jobs that have the same time and the same weights are priced alike.
void price_jobs(Problem &problem, const std::vector<NodeView> &nodes, const Objective &objective,
                const compiler::Jobs &jobs) {
  std::map<std::pair<uint32_t, std::string>, uint32_t> known;
  for (size_t w = 0; w < problem.needs.size(); ++w) {
    if (!jobs.is_job(w))
      continue;
    uint32_t &priced = problem.needs[w].cost_class;
    const auto [entry, fresh] =
        known.try_emplace({priced, jobs.look(w)}, static_cast<uint32_t>(problem.costs.size()));
    if (fresh) {
      std::vector<compiler::Run> runs;
      for (size_t n = 0; n < nodes.size(); ++n)
        runs.push_back(jobs.best(w, nodes[n], objective.of(w, n)));
      problem.costs.push_back(cost_class(nodes, objective.weights[priced], runs));
    }
    priced = entry->second;
  }
}

// Those that wish the same and else are priced alike stay so.
void price_wishes(Problem &problem, const Objective &objective) {
  std::map<std::pair<uint32_t, const std::vector<int64_t> *>, uint32_t> known;
  for (size_t w = 0; objective.wishes && w < problem.needs.size(); ++w) {
    const std::vector<int64_t> *wishes = objective.wishes->of(w);
    if (!wishes)
      continue;
    uint32_t &priced = problem.needs[w].cost_class;
    const auto [entry, fresh] =
        known.try_emplace({priced, wishes}, static_cast<uint32_t>(problem.costs.size()));
    if (fresh) {
      problem.costs.push_back(problem.costs[priced]);
      problem.costs.back().wishes = *wishes;
    }
    priced = entry->second;
  }
}

} // namespace

void price(Problem &problem, const std::vector<NodeView> &nodes, const Objective &objective,
           const compiler::Jobs &jobs) {
  for (const std::vector<compiler::Weights> &weights : objective.weights)
    problem.costs.push_back(cost_class(nodes, weights, {}));
  price_awake(problem, nodes, objective);
  price_jobs(problem, nodes, objective, jobs);
  price_wishes(problem, objective);
}

void even_out(Problem &problem, const std::vector<NodeView> &nodes, const Objective &objective,
              const proto::Intent &intent, const stages::Resolved &resolved) {
  if (objective.balance == 0)
    return;
  using Sum = unsigned __int128;
  const auto bounded = [](Sum amount) { return std::min<Sum>(amount, optimiser::most_amount); };
  std::map<std::string, size_t> index_of;
  for (size_t n = 0; n < nodes.size(); ++n)
    index_of.emplace(nodes[n].node->name(), n);
  std::vector<Sum> others(problem.nodes);
  const auto add = [&](const std::string &node, const proto::Spec &spec) {
    if (const auto found = index_of.find(node); found != index_of.end())
      others[found->second] += compiler::on_average(spec.resources()).cpu_millicores();
  };
  for (const proto::PartState &state : resolved.facts().parts())
    if (state.part().stack() != intent.stack())
      for (const proto::Instance &instance : state.part().instances())
        add(state.part().node(), instance.spec());
  for (const stages::Existing &there : resolved.frozen())
    add(there.node(), there.spec());
  Sum load = 0, all = 0;
  for (const Need &need : problem.needs)
    load += bounded(static_cast<Sum>(processor(need))) * need.count;
  for (size_t n = 0; n < nodes.size(); ++n) {
    load += bounded(others[n]);
    all += bounded(nodes[n].node->cpu_millicores());
  }
  problem.even_price = static_cast<int64_t>(objective.balance / 1000); // of a millicore
  for (size_t n = 0; n < nodes.size(); ++n) {
    const Sum share =
        all == 0 ? 0 : (bounded(nodes[n].node->cpu_millicores()) * load + all - 1) / all;
    const Sum taken = bounded(others[n]);
    problem.even.push_back(static_cast<int64_t>(bounded(share > taken ? share - taken : 0)));
  }
}

} // namespace nemo::placement
