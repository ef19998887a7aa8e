// The Lagrangian relaxation, as tables. A replica pays for what it takes where it comes to, and for
// staying at home; each node chooses on its own which of its replicas to keep and how much to take
// in. Multipliers make the two sides agree. ../README.md derives it.
#pragma once

#include <algorithm>

#include "compiler/placement/model/model.h"

namespace nemo::optimiser {

/// Replicas that share a limit, or a single one.
struct Unit {
  uint32_t limit = UINT32_MAX; ///< index into Model::limits
  std::vector<uint32_t> replicas;
};

/// Double where multipliers are sought, __int128 where a bound is certified.
/// Values lie one behind the other: load [resource * nodes + node], balance [balance * nodes +
/// node], stay [replica].
template <class Number> struct Multipliers {
  Number one = 1; ///< a unit of cost
  std::vector<Number> values;
};

class Relaxation {
public:
  /// \pre check(model)
  explicit Relaxation(const Model &model);

  const Model &model() const { return model_; }
  /// False: some replica fits nowhere, so there is no assignment to bound.
  bool usable() const { return usable_; }
  const std::vector<Unit> &units() const { return units_; }
  /// The replicas that a node may keep, the larger ones first.
  const std::vector<uint32_t> &homes(size_t node) const { return homes_[node]; }
  /// Resources, and the sum of a node's devices as one more where there are any.
  size_t resources() const { return resources_; }

  size_t load(size_t resource, size_t node) const { return resource * model_.nodes + node; }
  size_t balance(size_t balance, size_t node) const { return load(resources_ + balance, node); }
  size_t stay(size_t replica) const { return balance(model_.balances.size(), replica); }
  size_t multipliers() const { return lows_.size(); }
  /// The range of a multiplier.
  double low(size_t multiplier) const { return lows_[multiplier]; }
  double high(size_t multiplier) const { return highs_[multiplier]; }
  /// How far it goes in one step beside others.
  double stride(size_t multiplier) const { return strides_[multiplier]; }
  /// Where the relaxation is worth about what the aggregate bound is: the full prices of what is
  /// scarce in total.
  std::vector<double> start() const;

  int64_t demand(const Shape &shape, size_t resource) const {
    return resource < model_.resources.size() ? shape.demand[resource]
                                              : int64_t{shape.devices.count} * shape.devices.share;
  }
  int64_t capacity(size_t resource, size_t node) const { return capacity_[load(resource, node)]; }
  int64_t safety(size_t resource, size_t node) const { return safety_[load(resource, node)]; }
  /// For what comes from elsewhere.
  int64_t room(size_t resource, size_t node) const { return room_[load(resource, node)]; }
  /// 0 where the safety capacity is no less than the capacity.
  Cost overload_price(size_t resource, size_t node) const {
    return safety(resource, node) < capacity(resource, node)
               ? model_.resources[resource].overload_price
               : 0;
  }

  /// Whether a replica of the shape may come to the node.
  bool fits(uint32_t shape, uint32_t node) const {
    return fits_[size_t{shape} * model_.nodes + node] & 1;
  }
  /// Whether it may be there if that is its home.
  bool fits_at_home(uint32_t shape, uint32_t node) const {
    return fits_[size_t{shape} * model_.nodes + node] & 2;
  }

  Cost node_price(const Shape &shape, size_t node) const {
    return (shape.prices == UINT32_MAX ? 0 : model_.prices[shape.prices][node]) +
           price_by_unit(model_, shape, node);
  }
  /// What the shape pays on each node when it comes from elsewhere, without moves and pairs.
  template <class Number>
  void row(const Multipliers<Number> &multipliers, const Shape &shape, Number *out) const;
  template <class Number> Number absence(Number one, const Replica &replica) const {
    return one * replica.absence_price + (replica.home == nowhere ? 0 : one * replica.move_price);
  }
  /// Visits where the replica may be with what that costs, node by node; `row` is its shape's.
  template <class Number, class Visit>
  void for_each_option(const Multipliers<Number> &multipliers, uint32_t replica, const Number *row,
                       Visit visit) const;

private:
  void find_rooms();
  void find_fits();
  void find_units();
  void find_ranges();
  void find_strides();
  void price_opening(std::vector<double> &out) const;

  const Model &model_;
  size_t resources_ = 0;
  bool usable_ = true;
  std::vector<int64_t> capacity_, safety_, room_; ///< [resource * nodes + node]
  std::vector<uint8_t> fits_;                     ///< [shape * nodes + node]
  std::vector<Unit> units_;
  std::vector<std::vector<uint32_t>> homes_;
  std::vector<double> lows_, highs_, strides_;
};

template <class Number>
void Relaxation::row(const Multipliers<Number> &multipliers, const Shape &shape,
                     Number *out) const {
  const size_t nodes = model_.nodes;
  std::fill_n(out, nodes, Number{0});
  if (shape.prices != UINT32_MAX || !model_.unit_price.empty())
    for (size_t node = 0; node < nodes; ++node)
      out[node] = multipliers.one * node_price(shape, node);
  for (size_t k = 0; k < resources_; ++k) {
    const auto want = static_cast<Number>(demand(shape, k));
    if (want == 0)
      continue;
    const Number *price = multipliers.values.data() + load(k, 0);
    for (size_t node = 0; node < nodes; ++node)
      out[node] += price[node] * want;
  }
}

template <class Number, class Visit>
void Relaxation::for_each_option(const Multipliers<Number> &multipliers, uint32_t replica,
                                 const Number *row, Visit visit) const {
  const Replica &who = model_.replicas[replica];
  const Shape &shape = model_.shapes[who.shape];
  const bool has_home = who.home != nowhere;
  const int32_t *const pairs = has_home && who.pair_weight > 0 && !model_.pair_price.empty()
                                   ? model_.pair_price.data() + size_t{who.home} * model_.nodes
                                   : nullptr;
  const Number move = has_home ? multipliers.one * who.move_price : 0;
  const Number weight = multipliers.one * who.pair_weight;
  for (uint32_t node = 0; node < model_.nodes; ++node)
    if (fits(who.shape, node) && node != who.home)
      visit(node, row[node] + move + (pairs ? weight * pairs[node] : 0));
  if (has_home && fits_at_home(who.shape, who.home))
    visit(who.home,
          multipliers.values[stay(replica)] + multipliers.one * node_price(shape, who.home));
}

} // namespace nemo::optimiser
