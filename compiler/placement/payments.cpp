#include "compiler/placement/payments.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace nemo::placement {

namespace {

using Wide = __int128;

constexpr uint64_t most_pairs = 8'000'000;   ///< of nodes, of all flows
constexpr uint64_t most_of_flow = 4'000'000; ///< of replicas: beyond, the plan counts nothing
constexpr int64_t most_rate = int64_t{1} << 56;
constexpr uint64_t most_price = uint64_t{1} << 40; ///< 1e-9 EUR/GiB
constexpr int64_t gib = 33, price_unit = 1'000'000'000;

Wide floor_of(Wide number, uint32_t parts) {
  const Wide divisor = parts;
  return number / divisor - (number % divisor < 0 ? 1 : 0);
}

uint32_t root_of(std::vector<uint32_t> &parent, uint32_t need) {
  while (parent[need] != need)
    need = parent[need] = parent[parent[need]];
  return need;
}

} // namespace

std::optional<Wide> least_of(const Problem &problem, const Need &need,
                             const std::vector<Option> &options) {
  const uint32_t domains = apart(need);
  if (domains > 1) {
    Apart costs;
    for (const Option &option : options)
      if (const uint32_t domain = problem.domain[static_cast<size_t>(need.spread)][option.node];
          domain != unknown_domain)
        costs.offer(domain, option.paid);
    return costs.sum(need.count, domains);
  }
  const auto least =
      std::min_element(options.begin(), options.end(),
                       [](const Option &a, const Option &b) { return a.paid < b.paid; });
  return least == options.end() ? std::nullopt : std::optional(least->paid * need.count);
}

Payments::Payments(const Problem &problem, const compiler::Objective &objective,
                   const compiler::Jobs &jobs, compiler::Egress &egress)
    : problem_(problem), egress_(egress) {
  std::set<uint32_t> senders;
  for (const compiler::Flow &flow : egress.flows()) {
    if (std::max(flow.from, flow.to) >= problem.needs.size())
      continue; // a plan that takes everything away needs nothing
    const Need &from = problem.needs[flow.from], &to = problem.needs[flow.to];
    if (flow.from == flow.to || from.count == 0 || to.count == 0 || jobs.is_job(flow.from) ||
        uint64_t{from.count} * to.count > most_of_flow)
      continue;
    Flow one{static_cast<uint32_t>(flow.from), static_cast<uint32_t>(flow.to), {}};
    if (!add_rate(one, objective, *flow.bandwidth))
      continue;
    senders.insert(one.from);
    flows_.push_back(std::move(one));
  }
  for (uint32_t sender : senders)
    senders_ += problem.needs[sender].count;
}

// At a price p of the way, a pair pays bandwidth x p / (pairs x 2^33 x 1e9) EUR/s.
bool Payments::add_rate(Flow &flow, const compiler::Objective &objective,
                        const Rational &bandwidth) const {
  const Wide pairs = Wide{problem_.needs[flow.from].count} * problem_.needs[flow.to].count;
  const auto part = Rational::make(Wide{1} << (price_bits - gib), pairs * price_unit);
  const auto each = part ? part->times(bandwidth) : std::nullopt;
  for (size_t node = 0; node < problem_.nodes; ++node) {
    const compiler::Figures euro{{Rational(0), {}}, {Rational(0), {}}, {Rational(1), {}}};
    const auto weight =
        compiler::millionths_per_hour(compiler::weighted(euro, objective.of(flow.from, node)));
    if (!weight || *weight < 0)
      return false;
    const auto rate =
        each ? each->times(Rational(std::max<int64_t>(*weight - 1, 0))) : std::nullopt;
    const auto whole = rate ? rate->floor() : std::nullopt;
    flow.rate.push_back(std::min(whole.value_or(0), most_rate));
  }
  return true;
}

Wide Payments::paid(const Flow &flow, size_t from, size_t to) {
  const uint64_t price = egress_.price(static_cast<uint32_t>(from), static_cast<uint32_t>(to));
  return static_cast<Wide>(flow.rate[from]) * std::min(price, most_price);
}

std::optional<Wide> Payments::least(std::vector<std::vector<Option>> options) {
  // Flows in their order become the edges of a forest, as long as they close no circle.
  std::vector<uint32_t> parent(problem_.needs.size());
  std::iota(parent.begin(), parent.end(), 0);
  tree_.assign(problem_.needs.size(), {});
  uint64_t pairs = 0;
  bool any = false;
  for (size_t f = 0; f < flows_.size(); ++f) {
    const Flow &flow = flows_[f];
    const uint64_t more = options[flow.from].size() * options[flow.to].size();
    if (pairs + more > most_pairs)
      continue;
    pairs += more;
    any = true;
    const uint32_t from = root_of(parent, flow.from), to = root_of(parent, flow.to);
    if (from == to) {
      add_least_sent(flow, options);
      continue;
    }
    parent[from] = to;
    tree_[flow.from].push_back(f);
    tree_[flow.to].push_back(f);
  }
  if (!any)
    return std::nullopt;
  // The root of a tree is its workload with the fewest replicas, the first of equals.
  std::vector<uint32_t> first(problem_.needs.size(), UINT32_MAX);
  for (uint32_t n = 0; n < problem_.needs.size(); ++n) {
    if (problem_.needs[n].count == 0)
      continue;
    uint32_t &root = first[root_of(parent, n)];
    if (root == UINT32_MAX || problem_.needs[n].count < problem_.needs[root].count)
      root = n;
  }
  Wide sum = 0;
  for (uint32_t root : first) {
    if (root == UINT32_MAX)
      continue;
    const auto least = add_tree(root, options)
                           ? least_of(problem_, problem_.needs[root], options[root])
                           : std::nullopt;
    if (!least)
      return std::nullopt;
    sum += *least;
  }
  return sum;
}

void Payments::add_least_sent(const Flow &flow, std::vector<std::vector<Option>> &options) {
  for (Option &here : options[flow.from]) {
    std::optional<Wide> least;
    for (const Option &there : options[flow.to]) {
      const Wide paid = this->paid(flow, here.node, there.node);
      least = least ? std::min(*least, paid) : paid;
    }
    here.paid += least.value_or(0) * problem_.needs[flow.to].count;
  }
}

bool Payments::add_tree(uint32_t root, std::vector<std::vector<Option>> &options) {
  struct Branch {
    uint32_t child, parent;
    const Flow *flow;
  };
  std::vector<Branch> branches; // parents before their children
  const auto grow = [&](uint32_t need, const Flow *towards) {
    for (const size_t f : tree_[need])
      if (const Flow &flow = flows_[f]; &flow != towards)
        branches.push_back({flow.from == need ? flow.to : flow.from, need, &flow});
  };
  grow(root, nullptr);
  for (size_t i = 0; i < branches.size(); ++i)
    grow(branches[i].child, branches[i].flow);
  return std::all_of(branches.rbegin(), branches.rend(), [&](const Branch &branch) {
    return add_child(*branch.flow, branch.child, branch.parent, options);
  });
}

// If all replicas of the parent were on one node, those of the child would pay there at least what
// is least for it. They are on several: each adds its part of that, as the least of a mean is no
// less than the mean of what is least.
bool Payments::add_child(const Flow &flow, uint32_t child, uint32_t parent,
                         std::vector<std::vector<Option>> &options) {
  const uint32_t replicas = problem_.needs[parent].count;
  std::vector<Option> there;
  for (Option &here : options[parent]) {
    there = options[child];
    for (Option &option : there)
      option.paid += (flow.from == child ? paid(flow, option.node, here.node)
                                         : paid(flow, here.node, option.node)) *
                     replicas;
    const auto least = least_of(problem_, problem_.needs[child], there);
    if (!least)
      return false;
    here.paid += floor_of(*least, replicas);
  }
  return true;
}

} // namespace nemo::placement
