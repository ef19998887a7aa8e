// Every kind of cost is bounded on its own and the bounds are added, or, where replicas may be
// absent, all kinds together at the full price of what is scarce. All in exact integers.
#include "compiler/placement/bound/aggregate.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "compiler/placement/bound/pools.h"

namespace nemo::optimiser {

namespace {

using Wide = __int128;

Wide above_zero(Wide value) { return std::max<Wide>(value, 0); }

class Aggregate {
public:
  explicit Aggregate(const Model &model)
      : model_(model), dims_(model.resources.size()), pools_(find_pools(model)), capacity_(dims_),
        safety_(dims_), taken_(dims_) {
    for (size_t i = 0; i < model.capacity.size(); ++i) {
      capacity_[i % dims_] += model.capacity[i];
      safety_[i % dims_] += model.safety[i];
    }
    for (const Replica &replica : model.replicas)
      for (size_t d = 0; d < dims_; ++d)
        taken_[d] += model.shapes[replica.shape].demand[d];
  }

  Cost bound() {
    find_cheapest();
    return static_cast<Cost>(std::min<Wide>(std::max(apart(), together()) + opening(), most_cost));
  }

private:
  // Shapes with the same nodes and prices share their cheapest node, unless they pay by unit.
  void find_cheapest() {
    cheapest_.assign(model_.shapes.size(), 0);
    std::map<std::pair<uint32_t, uint32_t>, Cost> known;
    for (size_t i = 0; i < model_.shapes.size(); ++i) {
      const Shape &shape = model_.shapes[i];
      if (!model_.unit_price.empty()) {
        cheapest_[i] = cheapest_node(shape);
        continue;
      }
      if (shape.prices == UINT32_MAX)
        continue;
      const auto [at, fresh] = known.try_emplace({shape.allowed, shape.prices}, 0);
      if (fresh)
        at->second = cheapest_node(shape);
      cheapest_[i] = at->second;
    }
  }

  Cost node_price(const Shape &shape, uint32_t node) const {
    return (shape.prices == UINT32_MAX ? 0 : model_.prices[shape.prices][node]) +
           price_by_unit(model_, shape, node);
  }

  Cost cheapest_node(const Shape &shape) const {
    Cost least = INT64_MAX;
    for (uint32_t node = 0; node < model_.nodes; ++node)
      if (shape.allowed == UINT32_MAX || model_.node_sets[shape.allowed][node])
        least = std::min(least, node_price(shape, node));
    return least == INT64_MAX ? 0 : least;
  }

  // What being placed costs a replica, node prices and move, wherever that is.
  Cost placed(const Replica &replica) const {
    const Shape &shape = model_.shapes[replica.shape];
    const Cost least = cheapest_[replica.shape];
    if (replica.home == nowhere)
      return least;
    if (shape.allowed != UINT32_MAX && !model_.node_sets[shape.allowed][replica.home])
      return least + replica.move_price;
    return std::min(node_price(shape, replica.home), least + replica.move_price);
  }
  static Cost absent(const Replica &replica) {
    return replica.absence_price + (replica.home == nowhere ? 0 : replica.move_price);
  }

  // What a balance comes to at least: the sum of maxima is no less than the maximum of sums.
  Wide balance_of(const Balance &balance, Wide of, Wide to) const {
    return balance.target * (capacity_[balance.of] - of) - (capacity_[balance.to] - to);
  }
  static Wide balance_part(const Balance &balance, const Shape &shape) {
    return balance.target * Wide{shape.demand[balance.of]} - shape.demand[balance.to];
  }

  // Each kind by itself; a replica that may be absent takes nothing.
  Wide apart() const {
    Wide sum = 0;
    for (const Replica &replica : model_.replicas)
      sum += replica.absence_price == must_be_placed ? placed(replica)
                                                     : std::min(placed(replica), absent(replica));
    for (size_t d = 0; d < dims_; ++d)
      sum += model_.resources[d].overload_price * pools_.most([&](size_t pool) {
        Wide safety = 0;
        pools_.for_each_node(pool, [&](size_t node) { safety += model_.safety[node * dims_ + d]; });
        return above_zero(pools_.demand[pool][d] - safety);
      });
    for (const Balance &balance : model_.balances) {
      Wide least = balance_of(balance, 0, 0);
      for (const Replica &replica : model_.replicas) {
        const Wide part = balance_part(balance, model_.shapes[replica.shape]);
        least -= replica.absence_price == must_be_placed ? part : above_zero(part);
      }
      sum += balance.price * above_zero(least);
    }
    return sum;
  }

  // At the full price of every resource that all replicas together overload, and of every balance
  // that they miss: a replica weighs its absence against what it takes.
  Wide together() const {
    std::vector<const Balance *> missed;
    std::vector<Wide> price(dims_);
    Wide sum = 0;
    for (size_t d = 0; d < dims_; ++d)
      if (taken_[d] > safety_[d]) {
        price[d] = model_.resources[d].overload_price;
        sum -= price[d] * safety_[d];
      }
    for (const Balance &balance : model_.balances)
      if (balance_of(balance, taken_[balance.of], taken_[balance.to]) > 0) {
        missed.push_back(&balance);
        sum += balance.price * balance_of(balance, 0, 0);
      }
    for (const Replica &replica : model_.replicas) {
      const Shape &shape = model_.shapes[replica.shape];
      Wide here = placed(replica);
      for (size_t d = 0; d < dims_; ++d)
        here += price[d] * shape.demand[d];
      for (const Balance *balance : missed)
        here -= balance->price * balance_part(*balance, shape);
      sum += replica.absence_price == must_be_placed ? here : std::min<Wide>(here, absent(replica));
    }
    return sum;
  }

  Wide opening() const {
    Wide best = 0;
    if (model_.open_price.empty())
      return best;
    std::vector<int64_t> room(model_.nodes);
    for (size_t d = 0; d <= dims_; ++d) {
      if (d < dims_)
        for (size_t node = 0; node < model_.nodes; ++node)
          room[node] = model_.capacity[node * dims_ + d];
      else {
        std::fill(room.begin(), room.end(), 0);
        for (const Device &device : model_.devices)
          room[device.node] += device.capacity;
      }
      best = std::max(best, covering(d, room));
    }
    return best;
  }

  // The price of nodes that together have room for what each pool has to hold: the fractional
  // knapsack cover, or the cheapest nodes of the least number, whichever is more.
  Wide covering(size_t d, const std::vector<int64_t> &room) const {
    std::vector<uint32_t> by_ratio(model_.nodes), by_room, by_price;
    std::iota(by_ratio.begin(), by_ratio.end(), 0);
    by_price = by_ratio;
    by_ratio.erase(std::remove_if(by_ratio.begin(), by_ratio.end(),
                                  [&](uint32_t node) { return room[node] == 0; }),
                   by_ratio.end());
    by_room = by_ratio;
    const auto &price = model_.open_price;
    std::sort(by_ratio.begin(), by_ratio.end(), [&](uint32_t a, uint32_t b) {
      const Wide left = Wide{price[a]} * room[b], right = Wide{price[b]} * room[a];
      return left != right ? left < right : room[a] > room[b];
    });
    std::sort(by_room.begin(), by_room.end(),
              [&](uint32_t a, uint32_t b) { return room[a] > room[b]; });
    std::sort(by_price.begin(), by_price.end(),
              [&](uint32_t a, uint32_t b) { return price[a] < price[b]; });
    return pools_.most([&](size_t pool) {
      Wide left = pools_.demand[pool][d], fractional = 0;
      for (uint32_t node : by_ratio) {
        if (left <= 0)
          break;
        if (!pools_.has(pool, node))
          continue;
        fractional += left >= room[node] ? Wide{price[node]}
                                         : (left * price[node] + room[node] - 1) / room[node];
        left -= room[node];
      }
      size_t count = 0;
      left = pools_.demand[pool][d];
      for (uint32_t node : by_room)
        if (left > 0 && pools_.has(pool, node)) {
          left -= room[node];
          ++count;
        }
      Wide counted = 0;
      for (uint32_t node : by_price)
        if (count > 0 && pools_.has(pool, node)) {
          counted += price[node];
          --count;
        }
      return std::max(fractional, counted);
    });
  }

  const Model &model_;
  const size_t dims_;
  const Pools pools_;
  std::vector<Wide> capacity_, safety_, taken_; ///< sums by resource
  std::vector<Cost> cheapest_;                  ///< node price by shape
};

} // namespace

Cost aggregate_bound(const Model &model) { return Aggregate(model).bound(); }

} // namespace nemo::optimiser
