// The model as the search reads it: flat rows of integers, one cache line after the other, with
// everything left out that can never bind or cost anything.
//
// Overload and balance are one thing here. Each is a level of a node, linear in what the node
// hosts, that costs its positive part: use - safety, and target * free(of) - free(to). Levels are
// multiplied by their price beforehand, so a node costs the sum of max(0, level).
#pragma once

#include "compiler/placement/model/model.h"

namespace nemo::optimiser {

/// Lists of different lengths in one array.
struct Lists {
  std::vector<uint32_t> begin{0}, items;

  const uint32_t *from(uint32_t list) const { return items.data() + begin[list]; }
  const uint32_t *to(uint32_t list) const { return items.data() + begin[list + 1]; }
  uint32_t size(uint32_t list) const { return begin[list + 1] - begin[list]; }
};

class Tables {
public:
  /// \param excess  price of what is above a node's capacity, which then is none: a multiple of the
  ///   price of overload, for searches that go far. 0: nothing may be.
  /// \pre check(model); the model outlives the tables.
  explicit Tables(const Model &model, Cost excess = 0);

  const Model &model;
  uint32_t nodes, replicas;
  uint32_t rooms = 0;  ///< capacities that can bind, padded to a multiple of four
  uint32_t levels = 0; ///< what can cost, padded likewise: overload first, then balance
  uint32_t overloads = 0;
  uint32_t stride = 0; ///< rooms + levels

  /// Of an empty node: capacity by room, then its levels.
  std::vector<int64_t> node_rows;
  /// What one replica of the shape adds: demand by room (to be taken from the capacity), then to
  /// each level.
  std::vector<int64_t> shape_rows;
  /// The same for a replica on its home, where what is transient is held in any case. Empty: no
  /// resource is transient.
  std::vector<int64_t> home_rows;

  std::vector<uint32_t> shape, home;
  std::vector<Cost> move_price, pair_weight, absence_price;
  std::vector<Cost> open_price;
  Lists groups_of, members;       ///< by replica, by group
  Lists natives;                  ///< replicas by home
  std::vector<uint32_t> optional; ///< replicas that may be nowhere
  Cost busiest_price;

  std::vector<const Cost *> prices;   ///< by shape; null: free
  std::vector<uint64_t> allowed;      ///< bits of node sets, `words` each
  std::vector<uint32_t> first_device; ///< by node, and one past the last
  bool devices = false;               ///< whether any shape asks for some

  bool may(uint32_t replica, uint32_t node) const {
    const uint32_t set = set_of_[shape[replica]];
    return set == UINT32_MAX || (allowed[size_t{set} * words_ + node / 64] >> (node % 64) & 1);
  }

  /// What a replica costs by itself where it is, apart from the levels of its node.
  Cost own(uint32_t replica, uint32_t node) const {
    const uint32_t from = home[replica];
    if (node == nowhere)
      return absence_price[replica] + (from == nowhere ? 0 : move_price[replica]);
    Cost cost = 0;
    if (const Cost *price = prices[shape[replica]])
      cost += price[node];
    if (!unit_demand_.empty())
      cost += by_unit(shape[replica], node);
    if (from != node && from != nowhere) {
      cost += move_price[replica];
      if (pair_price_)
        cost += pair_weight[replica] * pair_price_[size_t{from} * nodes + node];
    }
    return cost;
  }

  const int64_t *row(uint32_t replica) const {
    return shape_rows.data() + size_t{shape[replica]} * stride;
  }
  /// What the replica takes and frees on that node.
  const int64_t *row_on(uint32_t replica, uint32_t node) const {
    return (home[replica] == node && !home_rows.empty() ? home_rows : shape_rows).data() +
           size_t{shape[replica]} * stride;
  }

private:
  Cost by_unit(uint32_t of, uint32_t node) const {
    const size_t dims = model.resources.size();
    const int64_t *demand = unit_demand_.data() + of * dims,
                  *price = model.unit_price.data() + node * dims;
    int64_t sum = 0;
    for (size_t d = 0; d < dims; ++d)
      sum += demand[d] * price[d];
    return sum >> 20;
  }
  void sort_by_tightness(std::vector<size_t> &rooms, const std::vector<int64_t> &total) const;
  std::vector<Cost> excess_prices(Cost excess, const std::vector<size_t> &rooms,
                                  const std::vector<int64_t> &total) const;
  void lay_out(Cost excess);
  void flatten_replicas();

  std::vector<uint32_t> set_of_;     ///< by shape
  std::vector<int64_t> unit_demand_; ///< [shape * resources + resource]; empty: free
  uint32_t words_;
  const int32_t *pair_price_;
};

} // namespace nemo::optimiser
