#include "compiler/placement/search/close.h"

#include <algorithm>
#include <cmath>

#include "compiler/placement/search/eject.h"
#include "compiler/placement/search/exact_fit.h"
#include "compiler/placement/search/fill.h"
#include "compiler/placement/search/node_cover.h"
#include "compiler/placement/search/squeeze.h"

namespace nemo::optimiser {

namespace {

class Closing {
public:
  Closing(State &state, Random &random, Budget &budget, std::optional<Cost> enough,
          const std::function<void()> &improved)
      : state_(state), tables_(state.tables()), random_(random), budget_(budget), enough_(enough),
        improved_(improved), ejection_(state, random, budget), best_(state.solution()),
        uniform_(std::all_of(tables_.open_price.begin(), tables_.open_price.end(),
                             [&](Cost price) { return price == tables_.open_price.front(); })) {
    for (uint32_t room = 0; room < tables_.rooms; ++room) {
      int64_t demand = 0;
      for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
        demand += tables_.row(replica)[room];
      demand_.push_back(static_cast<double>(demand));
    }
  }

  // Which of several like nodes is closed hardly matters, so one is emptied with all patience.
  // Where prices differ there is much to choose from, and little patience for each choice.
  void run() {
    if (uniform_ && !(enough_ && best_.cost <= *enough_))
      pack_exactly();
    if (!uniform_) {
      Budget part = budget_.until(anew);
      choose_all(part);
      budget_.join(part);
    }
    const uint64_t step = 4 * (uint64_t{tables_.replicas} + 1);
    const uint64_t most = (uniform_ ? 1'000'000 : 1'000) * step;
    uint64_t ticks = uniform_ ? most : 50 * step;
    while (budget_.left() && !(enough_ && best_.cost <= *enough_)) {
      sort_nodes();
      if (open_.empty())
        return;
      budget_.spend(tables_.nodes);
      if (uniform_ ? !choose_one() : !choose_exchange()) {
        wanted_ = 1;
        if (++in_vain_ > most_in_vain)
          return;
        continue;
      }
      in_vain_ = 0;
      if (attempt(ticks)) {
        wanted_ = std::min(2 * wanted_, dearest());
        ticks = uniform_ ? most : std::max(50 * step, ticks / 2);
      } else {
        wanted_ = std::max<Cost>(wanted_ / 2, 1);
        ticks = std::min(ticks + ticks / 16, most);
      }
    }
  }

private:
  double capacity(uint32_t node, uint32_t room) const {
    return static_cast<double>(tables_.node_rows[size_t{node} * tables_.stride + room]);
  }
  Cost price(uint32_t node) const { return tables_.open_price[node]; }
  Cost dearest() const {
    return *std::max_element(tables_.open_price.begin(), tables_.open_price.end());
  }

  void sort_nodes() {
    open_.clear();
    closed_.clear();
    for (uint32_t node = 0; node < tables_.nodes; ++node)
      (state_.hosted(node).empty() ? closed_ : open_).push_back(node);
    has_.assign(tables_.rooms, 0);
    for (uint32_t node : open_)
      for (uint32_t room = 0; room < tables_.rooms; ++room)
        has_[room] += capacity(node, room);
  }

  // All nodes anew: the cheapest that have a little more than is asked for, and everybody squeezed
  // into them. How little that can be is found out.
  void choose_all(Budget &budget) {
    NodeCover cover(tables_);
    Squeeze squeeze(tables_);
    std::vector<double> need(tables_.rooms);
    sort_nodes();
    double slack = std::min(most_slack, 0.9 * slack_of_open());
    uint64_t ticks = first_ticks * (uint64_t{tables_.replicas} + 1);
    uint32_t failed = 0, unfit = 0;
    while (budget.left() && !(enough_ && best_.cost <= *enough_) && slack > least_slack &&
           unfit < most_unfit && budget.ticks() + ticks <= budget.effort()) {
      for (uint32_t room = 0; room < tables_.rooms; ++room)
        need[room] = demand_[room] * (1 + slack);
      const std::vector<uint32_t> nodes = cover.find(need, state_, random_, budget);
      Cost opened = 0;
      for (uint32_t node : nodes)
        opened += price(node);
      if (nodes.empty() || opened >= best_.cost) {
        slack *= 0.95;
        continue;
      }
      const auto places = squeeze.place(state_, nodes, random_, budget, ticks);
      if (!places.empty() && take(places, nodes)) {
        slack *= 0.9;
        failed = unfit = 0;
        continue;
      }
      slack *= 1.03;
      unfit += !places.empty();
      if (++failed % 4 == 0)
        ticks *= 2;
    }
  }

  // What the open nodes have above what is asked for, where that is least.
  double slack_of_open() const {
    double least = HUGE_VAL;
    for (uint32_t room = 0; room < tables_.rooms; ++room)
      if (demand_[room] > 0)
        least = std::min(least, has_[room] / demand_[room] - 1);
    return least;
  }

  bool take(const std::vector<uint32_t> &places, const std::vector<uint32_t> &nodes) {
    std::vector<uint32_t> pool;
    for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
      if (state_.node_of(replica) != nowhere)
        state_.lift(replica);
    for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
      if (places[replica] != nowhere && state_.fits(replica, places[replica]))
        state_.put(replica, places[replica]);
      else
        pool.push_back(replica);
    if (ejection_.place(std::move(pool), nodes, best_.cost, 50 * uint64_t{tables_.replicas})) {
      best_ = state_.solution();
      improved_();
      return true;
    }
    restore();
    return false;
  }

  // Of all open nodes one that hosts little, up to chance.
  bool choose_one() {
    closing_.clear();
    uint32_t chosen = nowhere;
    double least = 0;
    for (uint32_t node : open_) {
      double load = 0;
      for (uint32_t room = 0; room < tables_.rooms; ++room)
        if (demand_[room] > 0)
          load += (capacity(node, room) - static_cast<double>(state_.node_row(node)[room])) /
                  demand_[room];
      load *= 0.2 + random_.unit();
      if (chosen == nowhere || load < least) {
        chosen = node;
        least = load;
      }
    }
    closing_ = {chosen};
    opening_.clear();
    return price(chosen) > 0 && tightness() < HUGE_VAL;
  }

  // Up to three for up to two that cost less, the pick of thousands at random: those that leave
  // most room where it is scarce.
  bool choose_exchange() {
    std::vector<uint32_t> best_closing, best_opening;
    double least = HUGE_VAL;
    for (uint32_t i = 0; i < exchanges; ++i) {
      closing_.clear();
      opening_.clear();
      pick(open_, 1 + random_.below(3), closing_);
      pick(closed_, random_.below(3), opening_);
      Cost saved = 0;
      for (uint32_t node : closing_)
        saved += price(node);
      for (uint32_t node : opening_)
        saved -= price(node);
      if (saved < wanted_)
        continue;
      if (const double tight = tightness(); tight < least) {
        least = tight;
        best_closing = closing_;
        best_opening = opening_;
      }
    }
    closing_ = std::move(best_closing);
    opening_ = std::move(best_opening);
    return least < HUGE_VAL;
  }

  void pick(const std::vector<uint32_t> &from, uint32_t count, std::vector<uint32_t> &to) {
    for (uint32_t i = 0; i < count && !from.empty(); ++i)
      if (uint32_t node = from[random_.below(static_cast<uint32_t>(from.size()))];
          std::find(to.begin(), to.end(), node) == to.end())
        to.push_back(node);
  }

  // How full the open nodes would be, the fullest resource above all; infinite: more than full.
  double tightness() const {
    double out = 0;
    for (uint32_t room = 0; room < tables_.rooms; ++room) {
      double has = has_[room];
      for (uint32_t node : closing_)
        has -= capacity(node, room);
      for (uint32_t node : opening_)
        has += capacity(node, room);
      if (demand_[room] > has)
        return HUGE_VAL;
      if (has > 0)
        out += std::pow(demand_[room] / has, 32);
    }
    return out;
  }

  bool attempt(uint64_t ticks) {
    std::vector<uint32_t> pool;
    for (uint32_t node : closing_)
      pool.insert(pool.end(), state_.hosted(node).begin(), state_.hosted(node).end());
    for (uint32_t replica : pool)
      state_.lift(replica);
    shuffle(pool, random_);
    open_.insert(open_.end(), opening_.begin(), opening_.end());
    open_.erase(std::remove_if(open_.begin(), open_.end(),
                               [&](uint32_t node) {
                                 return std::find(closing_.begin(), closing_.end(), node) !=
                                        closing_.end();
                               }),
                open_.end());
    if (ejection_.place(std::move(pool), open_, best_.cost, ticks)) {
      best_ = state_.solution();
      improved_();
      return true;
    }
    restore();
    // Somewhere else on the plateau of what costs the same.
    sort_nodes();
    ejection_.shake(open_, best_.cost + 1, tables_.replicas);
    const bool better = state_.cost() < best_.cost;
    best_ = state_.solution();
    if (better)
      improved_();
    return better;
  }

  void pack_exactly() {
    const auto sets = exact_fit(tables_, random_, budget_);
    if (sets.empty())
      return;
    for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
      if (state_.node_of(replica) != nowhere)
        state_.lift(replica);
    for (uint32_t node = 0; node < sets.size(); ++node) // they are all alike
      for (uint32_t replica : sets[node])
        if (state_.fits(replica, node))
          state_.put(replica, node);
    fill(state_, budget_);
    if (state_.broken() > 0 || state_.cost() >= best_.cost)
      return restore();
    best_ = state_.solution();
    improved_();
  }

  // Everything that is elsewhere leaves before anything comes back.
  void restore() {
    std::vector<uint32_t> moved;
    for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
      if (state_.node_of(replica) != best_.node_of[replica] ||
          (tables_.devices && state_.devices_of(replica) != best_.devices_of[replica])) {
        moved.push_back(replica);
        if (state_.node_of(replica) != nowhere)
          state_.lift(replica);
      }
    for (uint32_t replica : moved)
      if (best_.node_of[replica] != nowhere)
        state_.put_back(replica, best_.node_of[replica],
                        tables_.devices ? best_.devices_of[replica] : 0);
  }

  static constexpr double anew = 0.8; ///< share of the budget for choosing all nodes
  static constexpr double most_slack = 0.1, least_slack = 1e-4;
  static constexpr uint64_t first_ticks = 500;
  static constexpr uint32_t most_unfit = 4; ///< placements in a row that break rules or cost more
  static constexpr uint32_t exchanges = 4096, most_in_vain = 200;

  State &state_;
  const Tables &tables_;
  Random &random_;
  Budget &budget_;
  const std::optional<Cost> enough_;
  const std::function<void()> &improved_;
  Ejection ejection_;
  Solution best_;
  const bool uniform_;
  std::vector<double> demand_, has_;    ///< by room: of all replicas; of the open nodes
  std::vector<uint32_t> open_, closed_; ///< that may host; that may not
  std::vector<uint32_t> closing_, opening_;
  Cost wanted_ = 1; ///< what an exchange has to save
  uint32_t in_vain_ = 0;
};

} // namespace

bool opening_costs(const Tables &tables) {
  return std::any_of(tables.open_price.begin(), tables.open_price.end(),
                     [](Cost price) { return price > 0; });
}

void close_nodes(State &state, Random &random, Budget &budget, std::optional<Cost> enough,
                 const std::function<void()> &improved) {
  Closing(state, random, budget, enough, improved).run();
}

} // namespace nemo::optimiser
