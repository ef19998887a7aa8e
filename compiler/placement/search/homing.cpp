#include "compiler/placement/search/homing.h"

#include <algorithm>
#include <cmath>

namespace nemo::optimiser {

namespace {

/// Temperatures, in the mean price of who is away. Hot enough for what little overload is left.
constexpr double hottest = 100, coldest = 0.05;
/// Fewer than that share of the replicas is left to the search among a few nodes.
constexpr double worth_it = 0.01;
constexpr uint32_t steps_between_looks = 4096;

class Homing {
public:
  Homing(State &state, Random &random)
      : state_(state), tables_(state.tables()), random_(random), at_(tables_.replicas, nowhere) {
    for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
      note(replica);
  }

  void run(double least, Budget &budget) {
    const double price = mean_price();
    if (price <= 0 || static_cast<double>(away_.size()) < worth_it * tables_.replicas)
      return;
    Solution best = state_.solution();
    const double hot = std::max(price * hottest, least), cold = price * coldest,
                 begin = budget.share();
    while (budget.left()) {
      const double done = begin >= 1 ? 1 : (budget.share() - begin) / (1 - begin);
      temperature_ = hot * std::pow(cold / hot, std::clamp(done, 0.0, 1.0));
      for (uint32_t i = 0; i < steps_between_looks; ++i)
        step();
      budget.spend(steps_between_looks);
      // Before that it is never the best of all, and it takes as long as many steps to keep.
      if (done > 0.5 && state_.cost() < best.cost)
        best = state_.solution();
    }
    if (state_.cost() > best.cost)
      state_.load(best);
  }

private:
  void note(uint32_t replica) {
    const uint32_t node = state_.node_of(replica);
    const bool away =
        node != nowhere && tables_.home[replica] != nowhere && tables_.home[replica] != node;
    if (away == (at_[replica] != nowhere))
      return;
    if (away) {
      at_[replica] = static_cast<uint32_t>(away_.size());
      away_.push_back(replica);
      return;
    }
    away_[at_[replica]] = away_.back();
    at_[away_.back()] = at_[replica];
    at_[replica] = nowhere;
    away_.pop_back();
  }
  double mean_price() const {
    double sum = 0;
    for (uint32_t replica : away_)
      sum += static_cast<double>(tables_.own(replica, state_.node_of(replica)));
    return sum / std::max(1.0, static_cast<double>(away_.size()));
  }
  uint32_t one_away() { return away_[random_.below(static_cast<uint32_t>(away_.size()))]; }
  uint32_t of(const std::vector<uint32_t> &some) {
    return some[random_.below(static_cast<uint32_t>(some.size()))];
  }

  // Of sixteen moves three go home, three elsewhere, and seven change places with one who is there;
  // one changes places with another that is away, one makes one who is there go elsewhere. One is
  // of anybody, who leaves or changes places: whoever is at home may have to go.
  void step() {
    const uint64_t dice = random_.next();
    const Cost most =
        static_cast<Cost>(std::min(-temperature_ * std::log(1 - random_.unit()), 1e18));
    const uint32_t kind = dice >> 60;
    if (kind == 15 || away_.empty()) {
      const uint32_t anybody = random_.below(tables_.replicas);
      return dice & 1 ? try_shift(anybody, random_.below(tables_.nodes), most)
                      : try_swap(anybody, random_.below(tables_.replicas), most);
    }
    const uint32_t one = one_away(), home = tables_.home[one];
    const std::vector<uint32_t> &there = state_.hosted(home);
    if (kind < 3 || there.empty())
      return try_shift(one, home, most);
    if (kind < 6)
      return try_shift(one, random_.below(tables_.nodes), most);
    if (kind < 13)
      return try_swap(one, of(there), most);
    if (kind < 14)
      return try_swap(one, one_away(), most);
    const uint32_t other = of(there), to = random_.below(tables_.nodes), from = state_.node_of(one);
    if (to != from && to != home && state_.chain(one, other, to, most)) {
      note(one);
      note(other);
    }
  }
  void try_shift(uint32_t replica, uint32_t node, Cost most) {
    if (node == state_.node_of(replica) || state_.node_of(replica) == nowhere ||
        !state_.room(replica, node) || state_.delta(replica, node) > most ||
        !state_.rules_allow(replica, node))
      return;
    state_.shift(replica, node);
    note(replica);
  }
  void try_swap(uint32_t one, uint32_t other, Cost most) {
    const uint32_t a = state_.node_of(one), b = state_.node_of(other);
    if (a == b || a == nowhere || b == nowhere || !state_.swap_room(one, other) ||
        state_.swap_delta(one, other) > most || !state_.swap_allowed(one, other))
      return;
    state_.swap(one, other);
    note(one);
    note(other);
  }

  State &state_;
  const Tables &tables_;
  Random &random_;
  std::vector<uint32_t> away_, at_;
  double temperature_ = 0;
};

} // namespace

void bring_home(State &state, double begin, Random &random, Budget &budget) {
  Homing(state, random).run(begin, budget);
}

} // namespace nemo::optimiser
