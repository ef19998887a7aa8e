// Depth first over the homes, large ones first. What is left of a branch is bounded by lines below
// the convex costs: the one where the load stands now, and some that were drawn beforehand.
#include "compiler/placement/bound/node_problem.h"

namespace nemo::optimiser {

namespace {

/// Products of demand and price on one node; a search that is cut short still yields a bound.
constexpr uint64_t most_work = 1 << 19;

} // namespace

template <class Number> int64_t NodeProblem<Number>::intake(const Side &side, int64_t kept) const {
  const Number worth = side.price - side.balance;
  if (worth <= 0)
    return 0;
  const int64_t most = std::min(side.room, side.capacity - kept);
  return worth <= side.overload ? std::clamp<int64_t>(side.safety - kept, 0, most) : most;
}

template <class Number> Number NodeProblem<Number>::value(const Side &side, int64_t kept) const {
  const int64_t in = intake(side, kept), total = kept + in;
  Number sum = side.balance * total - side.price * in;
  if (total > side.safety)
    sum += side.overload * (total - side.safety);
  return sum;
}

// To the right of where the load is.
template <class Number> Number NodeProblem<Number>::slope(const Side &side, int64_t kept) const {
  const Number worth = side.price - side.balance;
  const bool beyond = worth > side.overload;
  const int64_t until = beyond ? side.capacity : side.safety;
  // Where more that is kept leaves less to take in.
  if (worth > 0 && kept >= until - side.room && (kept < until || (beyond && kept == until)))
    return side.price;
  const int64_t total = worth > 0 && kept < until ? kept + side.room : kept;
  return side.balance + (total >= side.safety ? side.overload : Number{0});
}

template <class Number>
void NodeProblem<Number>::add_tangent(std::vector<Number> slope, Number at_zero) {
  Tangent tangent{std::move(slope), at_zero, std::vector<Number>(stay_.size() + 1)};
  for (size_t i = stay_.size(); i-- > 0;) {
    Number price = -stay_[i];
    for (size_t k = 0; k < sides_.size(); ++k)
      price += tangent.slope[k] * demand_[i][k];
    tangent.gains[i] = tangent.gains[i + 1] + std::min<Number>(price, 0);
  }
  tangents_.push_back(std::move(tangent));
  at_tangent_.push_back(at_zero);
}

template <class Number>
void NodeProblem<Number>::set_up(const Multipliers<Number> &multipliers, uint32_t node) {
  const Model &model = relaxation_.model();
  sides_.clear();
  for (size_t k = 0; k < relaxation_.resources(); ++k)
    sides_.push_back({multipliers.one * relaxation_.overload_price(k, node), 0,
                      multipliers.values[relaxation_.load(k, node)], relaxation_.safety(k, node),
                      relaxation_.capacity(k, node), relaxation_.room(k, node)});
  for (size_t b = 0; b < model.balances.size(); ++b) {
    const Number price = multipliers.values[relaxation_.balance(b, node)];
    sides_[model.balances[b].of].balance -= price * model.balances[b].target;
    sides_[model.balances[b].to].balance += price;
  }
  const auto &homes = relaxation_.homes(node);
  demand_.resize(homes.size());
  stay_.resize(homes.size());
  for (size_t i = 0; i < homes.size(); ++i) {
    stay_[i] = multipliers.values[relaxation_.stay(homes[i])];
    demand_[i].clear();
    for (size_t k = 0; k < sides_.size(); ++k)
      demand_[i].push_back(relaxation_.demand(model.shapes[model.replicas[homes[i]].shape], k));
  }
}

template <class Number>
Number NodeProblem<Number>::solve(const Multipliers<Number> &multipliers, uint32_t node,
                                  const std::vector<int64_t> &likely) {
  const Model &model = relaxation_.model();
  set_up(multipliers, node);
  tangents_.clear();
  at_tangent_.clear();
  // Where keeping and taking in cost the same.
  std::vector<Number> slopes;
  Number at_zero = 0;
  for (const Side &side : sides_) {
    const Number worth = side.price - side.balance;
    const int64_t at = worth <= 0 ? 0 : worth > side.overload ? side.capacity : side.safety;
    slopes.push_back(worth <= 0 ? side.balance : side.price);
    at_zero += value(side, at) - slopes.back() * at;
  }
  add_tangent(std::move(slopes), at_zero);
  if (!likely.empty()) {
    slopes.clear();
    at_zero = 0;
    for (size_t k = 0; k < sides_.size(); ++k) {
      slopes.push_back(slope(sides_[k], likely[k]));
      at_zero += value(sides_[k], likely[k]) - slopes.back() * likely[k];
    }
    add_tangent(std::move(slopes), at_zero);
  }
  load_.assign(sides_.size(), 0);
  kept_.assign(stay_.size(), false);
  best_load_ = load_;
  best_kept_ = kept_;
  // A node that is closed hosts nothing.
  paid_ = model.open_price.empty() ? 0 : multipliers.one * model.open_price[node];
  best_ = open_bound_ = 0;
  open_ = paid_ == 0;
  left_ = 1 + most_work / (1 + stay_.size() * sides_.size());
  descend(0);
  Number balances = 0;
  for (size_t b = 0; b < model.balances.size(); ++b) {
    const Balance &balance = model.balances[b];
    const Number price = multipliers.values[relaxation_.balance(b, node)];
    balances += price * balance.target * relaxation_.capacity(balance.of, node);
    balances -= price * relaxation_.capacity(balance.to, node);
  }
  return std::min(best_, open_bound_) + balances;
}

template <class Number> Number NodeProblem<Number>::bound_here(size_t index, Number here) {
  slopes_.resize(sides_.size());
  for (size_t k = 0; k < sides_.size(); ++k)
    slopes_[k] = slope(sides_[k], load_[k]);
  for (size_t i = index; i < stay_.size(); ++i) {
    Number price = -stay_[i];
    for (size_t k = 0; k < sides_.size(); ++k)
      price += slopes_[k] * demand_[i][k];
    if (price < 0)
      here += price;
  }
  return here;
}

template <class Number> void NodeProblem<Number>::descend(size_t index) {
  ++steps_;
  Number known = paid_ + at_tangent_[0] + tangents_[0].gains[index];
  for (size_t t = 1; t < tangents_.size(); ++t)
    known = std::max<Number>(known, paid_ + at_tangent_[t] + tangents_[t].gains[index]);
  if (known >= best_)
    return;
  Number here = paid_;
  for (size_t k = 0; k < sides_.size(); ++k)
    here += value(sides_[k], load_[k]);
  if (here < best_) {
    best_ = here;
    best_load_ = load_;
    best_kept_ = kept_;
    open_ = true;
  }
  if (index == stay_.size())
    return;
  known = std::max(known, bound_here(index, here));
  if (known >= best_)
    return;
  if (left_ == 0) {
    open_bound_ = std::min(open_bound_, known);
    return;
  }
  --left_;
  bool room = true;
  for (size_t k = 0; k < sides_.size(); ++k)
    room = room && load_[k] + demand_[index][k] <= sides_[k].capacity;
  auto turn = [&](int sign) {
    for (size_t k = 0; k < sides_.size(); ++k)
      load_[k] += sign * demand_[index][k];
    for (size_t t = 0; t < tangents_.size(); ++t)
      for (size_t k = 0; k < sides_.size(); ++k)
        at_tangent_[t] += tangents_[t].slope[k] * (sign * demand_[index][k]);
    paid_ -= sign * stay_[index];
    kept_[index] = sign > 0;
  };
  if (room) {
    turn(1);
    descend(index + 1);
    turn(-1);
  }
  descend(index + 1);
}

template <class Number> std::vector<int64_t> NodeProblem<Number>::taken_in() const {
  std::vector<int64_t> out;
  for (size_t k = 0; k < sides_.size(); ++k)
    out.push_back(open_ ? intake(sides_[k], best_load_[k]) : 0);
  return out;
}

template class NodeProblem<double>;
template class NodeProblem<__int128>;

} // namespace nemo::optimiser
