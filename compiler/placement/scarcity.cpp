#include "compiler/placement/scarcity.h"

#include <algorithm>
#include <cmath>

namespace nemo::placement {

std::optional<__int128> Apart::sum(uint32_t count, uint32_t apart) const {
  if (least_.size() < apart)
    return std::nullopt;
  std::vector<__int128> costs;
  for (const auto &[domain, cost] : least_)
    costs.push_back(cost);
  std::nth_element(costs.begin(), costs.begin() + apart, costs.end());
  __int128 sum = *std::min_element(costs.begin(), costs.end()) * (count - apart);
  for (uint32_t i = 0; i < apart; ++i)
    sum += costs[i];
  return sum;
}

namespace {

/// Replicas that may be on the same nodes, ask for the same, and pay the same.
struct Kind {
  uint32_t need = 0; ///< one of them
  double replicas = 0;
  uint32_t count = 0; ///< replicas of each workload of them
  uint32_t apart = 0; ///< how many of these are in different domains; 0: they may be together
  std::vector<State::Offer> near; ///< where they may be, if bonds rule some out
};

/// Subgradient ascent on the prices of whole nodes; a node's share of one is the replica's share of
/// the node, so that the steps do not depend on units.
class Ascent {
public:
  explicit Ascent(const State &state) : state_(state), problem_(state.problem()) {
    find_kinds();
    price_.resize(problem_.room.size());
    used_.resize(problem_.room.size());
    for (size_t k = 0; k < problem_.room.size(); ++k)
      price_[k].assign(problem_.nodes, 0);
    for (size_t r = 0; r < problem_.replicas.size(); ++r) {
      const Need &need = problem_.needs[problem_.replicas[r].need];
      reached_ += static_cast<double>(cost(problem_, need, index(state.node_of(r))));
    }
    for (size_t node = 0; node < problem_.nodes; ++node)
      if (!state.on_node(node).empty())
        reached_ += kept_awake(node);
  }

  Scarcity run(uint64_t steps) {
    double ease = 1;
    unsigned vain = 0;
    best_ = price_;
    double best = -1e300;
    for (; steps > 0 && rounds_ < most_rounds && ease > 0.002; ++rounds_) {
      const uint64_t before = looked_;
      const double value = relax();
      steps -= std::min(steps, looked_ - before);
      if (value > best) {
        vain = value > best + (reached_ - best) * 0.002 ? 0 : vain + 1;
        best = value;
        best_ = price_;
      } else {
        ++vain;
      }
      if (vain >= 8) {
        vain = 0;
        ease /= 2;
        price_ = best_;
        continue;
      }
      if (!step(ease, value))
        break;
    }
    return {prices(), static_cast<int64_t>(std::clamp(best, -1e18, 1e18))};
  }

private:
  void find_kinds() {
    std::map<std::tuple<uint32_t, uint32_t, uint32_t, uint32_t, uint32_t>, size_t> known;
    for (uint32_t n = 0; n < problem_.needs.size(); ++n) {
      const Need &need = problem_.needs[n];
      if (need.count == 0 || state_.offers(n).empty())
        continue;
      const uint32_t apart = placement::apart(need) > 1 ? placement::apart(need) : 0;
      const uint32_t count = apart == 0 ? 0 : need.count;
      const auto [entry, fresh] = known.try_emplace(
          {state_.shape_of(n), need.cost_class, count, apart, need.far}, kinds_.size());
      if (fresh)
        kinds_.push_back({n, 0, count, apart, near(n)});
      kinds_[entry->second].replicas += need.count;
    }
  }

  std::vector<State::Offer> near(uint32_t n) const {
    std::vector<State::Offer> list;
    if (const uint32_t far = problem_.needs[n].far; far != UINT32_MAX)
      for (const State::Offer &offer : state_.offers(n))
        if (!problem_.sets[far].test(offer.node))
          list.push_back(offer);
    return list;
  }

  // Replicas at equally cheap nodes are shared among them by size: any mixture of subgradients is
  // one, and nodes that are alike keep equal prices.
  double relax() {
    for (size_t k = 0; k < problem_.room.size(); ++k)
      used_[k].assign(problem_.nodes, 0);
    double sum = 0;
    for (const Kind &kind : kinds_) {
      const Need &need = problem_.needs[kind.need];
      const std::vector<State::Offer> &offers =
          kind.near.empty() ? state_.offers(kind.need) : kind.near;
      looked_ += offers.size();
      costs_.clear();
      for (const State::Offer &offer : offers) {
        double paid = static_cast<double>(offer.cost);
        for (size_t k = 0; k < problem_.room.size(); ++k)
          if (need.demand[k] > 0 && price_[k][offer.node] > 0)
            paid += price_[k][offer.node] * share(need, k, offer.node);
        costs_.push_back(paid);
      }
      sum += kind.apart == 0 ? together(kind, offers) : apart(kind, offers);
    }
    for (size_t node = 0; node < problem_.nodes; ++node)
      sum -= std::max(0.0, worth(node) - kept_awake(node));
    return sum;
  }

  double worth(size_t node) const {
    double sum = 0;
    for (const std::vector<double> &prices : price_)
      sum += prices[node];
    return sum;
  }
  double kept_awake(size_t node) const {
    return problem_.awake.empty() ? 0 : static_cast<double>(problem_.awake[node]);
  }
  // How much of its room the node gives in the relaxation: none while that is worth less than
  // keeping it awake costs. Where both are the same, what is used will do.
  double given(size_t node) const {
    const double kept = kept_awake(node), over = worth(node) - kept;
    if (kept <= 0 || over > kept * 1e-7)
      return 1;
    if (over < -kept * 1e-7)
      return 0;
    double used = 0;
    for (const std::vector<double> &of : used_)
      used = std::max(used, of[node]);
    return std::min(used, 1.0);
  }

  double together(const Kind &kind, const std::vector<State::Offer> &offers) {
    const double least = *std::min_element(costs_.begin(), costs_.end());
    const double tie = least + std::fabs(least) * 1e-7 + 1e-3;
    double weights = 0;
    for (size_t i = 0; i < offers.size(); ++i)
      if (costs_[i] <= tie)
        weights += weight(offers[i].node);
    for (size_t i = 0; i < offers.size(); ++i)
      if (costs_[i] <= tie)
        use(kind, offers[i].node, kind.replicas * weight(offers[i].node) / weights);
    return least * kind.replicas;
  }

  double apart(const Kind &kind, const std::vector<State::Offer> &offers) {
    const Need &need = problem_.needs[kind.need];
    const std::vector<uint32_t> &domain = problem_.domain[static_cast<size_t>(need.spread)];
    order_.clear();
    for (uint32_t i = 0; i < offers.size(); ++i)
      order_.push_back(i);
    std::sort(order_.begin(), order_.end(),
              [&](uint32_t a, uint32_t b) { return costs_[a] < costs_[b]; });
    double sum = 0;
    taken_.clear();
    for (uint32_t i : order_) {
      if (taken_.size() == kind.apart)
        break;
      const uint32_t where = domain[offers[i].node];
      if (std::find(taken_.begin(), taken_.end(), where) != taken_.end())
        continue;
      // Those that need not be apart are where it is cheapest.
      const double here = taken_.empty() ? 1 + kind.count - kind.apart : 1;
      taken_.push_back(where);
      sum += costs_[i] * here * kind.replicas / kind.count;
      use(kind, offers[i].node, here * kind.replicas / kind.count);
    }
    return sum;
  }

  double weight(size_t node) const {
    return 1 + static_cast<double>(std::max<int64_t>(problem_.room[0][node], 0));
  }
  double share(const Need &need, size_t k, size_t node) const {
    return static_cast<double>(need.demand[k]) / static_cast<double>(problem_.room[k][node]);
  }
  // Over-committed, a node could be of the other kind, so its processor proves nothing. The plan
  // has no word for the price of a named device.
  bool limited(size_t k, size_t node) const {
    if (overcommits(problem_, k) || is_named(problem_, k))
      return false;
    return problem_.room[k][node] > 0 && problem_.room[k][node] < most_room;
  }
  void use(const Kind &kind, size_t node, double replicas) {
    const Need &need = problem_.needs[kind.need];
    for (size_t k = 0; k < problem_.room.size(); ++k)
      if (need.demand[k] > 0 && limited(k, node))
        used_[k][node] += replicas * share(need, k, node);
  }

  bool step(double ease, double value) {
    double norm = 0;
    given_.clear();
    for (size_t node = 0; node < problem_.nodes; ++node)
      given_.push_back(given(node));
    for (size_t k = 0; k < problem_.room.size(); ++k)
      for (size_t node = 0; node < problem_.nodes; ++node)
        if (limited(k, node) && (used_[k][node] > given_[node] || price_[k][node] > 0))
          norm += (used_[k][node] - given_[node]) * (used_[k][node] - given_[node]);
    if (norm < 1e-12 || reached_ - value <= std::fabs(reached_) * 1e-9)
      return false;
    const double length = ease * (reached_ - value) / norm;
    for (size_t k = 0; k < problem_.room.size(); ++k)
      for (size_t node = 0; node < problem_.nodes; ++node)
        if (limited(k, node))
          price_[k][node] =
              std::max(0.0, price_[k][node] + length * (used_[k][node] - given_[node]));
    return true;
  }

  std::vector<Scarce> prices() const {
    std::vector<Scarce> list;
    for (uint32_t node = 0; node < problem_.nodes; ++node)
      for (uint32_t k = 0; k < problem_.room.size(); ++k) {
        if (best_[k][node] <= 0)
          continue;
        const double scaled = std::ldexp(
            best_[k][node] / 1000 / static_cast<double>(problem_.room[k][node]), price_bits);
        const auto price =
            static_cast<int64_t>(std::min(scaled, static_cast<double>(most_scarcity)));
        if (price > 0)
          list.push_back({node, k, price});
      }
    return list;
  }

  static constexpr unsigned most_rounds = 400;

  const State &state_;
  const Problem &problem_;
  std::vector<Kind> kinds_;
  std::vector<std::vector<double>> price_, best_, used_;
  double reached_ = 0; ///< what the placement costs
  std::vector<double> costs_, given_;
  std::vector<uint32_t> order_, taken_;
  uint64_t looked_ = 0;
  unsigned rounds_ = 0;
};

} // namespace

Scarcity scarcity(const State &state, uint64_t steps) {
  for (const Need &need : state.problem().needs) {
    const size_t n = static_cast<size_t>(&need - state.problem().needs.data());
    // Without a cost there is no bound to raise.
    if (need.count > 0 && state.offers(n).back().cost == unknown_cost)
      return {};
  }
  return Ascent(state).run(steps);
}

} // namespace nemo::placement
