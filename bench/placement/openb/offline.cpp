#include "bench/placement/openb/offline.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "compiler/placement/online/online.h"

namespace nemo::bench {

namespace {

using namespace optimiser;

/// What stands on every device, and what stands nowhere, under refills of one device at a time.
class Refill {
public:
  Refill(const Model &model, Solution &solution)
      : model_(model), solution_(solution), free_(model.capacity), first_(model.nodes + 1),
        on_(model.devices.size()) {
    for (const Device &device : model.devices)
      ++first_[device.node + 1];
    std::partial_sum(first_.begin(), first_.end(), first_.begin());
    for (uint32_t r = 0; r < model.replicas.size(); ++r)
      if (solution.node_of[r] == nowhere)
        waiting_[key(r)].push_back(r);
      else
        settle(r, -1);
    for (auto &[key, replicas] : waiting_)
      std::sort(replicas.begin(), replicas.end(),
                [&](uint32_t a, uint32_t b) { return demand(a) > demand(b); });
  }

  void run() {
    for (bool gained = true; gained;) {
      gained = false;
      for (uint32_t node = 0; node < model_.nodes; ++node)
        for (uint32_t bit = 0; first_[node] + bit < first_[node + 1]; ++bit)
          gained |= refill(node, bit);
    }
    place_without_devices();
  }

private:
  /// Waiting replicas of one share and node set are alike but for their demands.
  using Key = std::pair<int64_t, uint32_t>;

  const Shape &shape(uint32_t replica) const {
    return model_.shapes[model_.replicas[replica].shape];
  }
  const std::vector<int64_t> &demand(uint32_t replica) const { return shape(replica).demand; }
  Key key(uint32_t replica) const {
    const Shape &of = shape(replica);
    return {of.devices.count == 1 ? of.devices.share : 0, of.allowed};
  }
  void settle(uint32_t replica, int sign) {
    const uint32_t node = solution_.node_of[replica];
    for (size_t d = 0; d < demand(replica).size(); ++d)
      free_[node * demand(replica).size() + d] += sign * demand(replica)[d];
    for (uint32_t bit = 0; bit < most_devices; ++bit)
      if (solution_.devices_of[replica] >> bit & 1) {
        auto &here = on_[first_[node] + bit];
        if (sign < 0)
          here.push_back(replica);
        else
          std::erase(here, replica);
      }
  }
  bool fits(uint32_t node, const std::vector<uint32_t> &set) const {
    const size_t dims = model_.resources.size();
    for (size_t d = 0; d < dims; ++d) {
      int64_t sum = 0;
      for (uint32_t replica : set)
        sum += demand(replica)[d];
      if (sum > free_[node * dims + d])
        return false;
    }
    return true;
  }

  void place_without_devices() {
    for (uint32_t replica = 0; replica < model_.replicas.size(); ++replica) {
      const Shape &of = shape(replica);
      if (of.devices.count > 0)
        continue;
      for (uint32_t node = 0; node < model_.nodes; ++node)
        if ((of.allowed == UINT32_MAX || model_.node_sets[of.allowed][node]) &&
            fits(node, {replica})) {
          solution_.node_of[replica] = node;
          settle(replica, -1);
          break;
        }
    }
  }

  /// Of what waits and may be on the node, two of each share: as many may go together.
  std::vector<uint32_t> least_demanding(uint32_t node) const {
    std::vector<uint32_t> out;
    for (const auto &[key, replicas] : waiting_)
      if (key.first > 0 && (key.second == UINT32_MAX || model_.node_sets[key.second][node]))
        out.insert(out.end(), replicas.rbegin(),
                   replicas.rbegin() + std::min<std::ptrdiff_t>(2, std::ssize(replicas)));
    std::sort(out.begin(), out.end(), [&](uint32_t a, uint32_t b) {
      return std::tie(shape(a).devices.share, demand(a), a) <
             std::tie(shape(b).devices.share, demand(b), b);
    });
    size_t kept = 0;
    for (uint32_t replica : out)
      if (kept < 2 || shape(out[kept - 2]).devices.share != shape(replica).devices.share)
        out[kept++] = replica;
    out.resize(kept);
    return out;
  }

  /// Searches sets of at most three of the least demanding of each share.
  void search(uint32_t node, const std::vector<uint32_t> &candidates, size_t from, int64_t left,
              std::vector<uint32_t> &set, int64_t &least_left, std::vector<uint32_t> &best) const {
    if (left < least_left && fits(node, set)) {
      least_left = left;
      best = set;
    }
    if (set.size() == 3)
      return;
    for (size_t i = from; i < candidates.size() && least_left > 0; ++i)
      if (const int64_t share = shape(candidates[i]).devices.share; share <= left) {
        set.push_back(candidates[i]);
        search(node, candidates, i + 1, left - share, set, least_left, best);
        set.pop_back();
      }
  }

  bool refill(uint32_t node, uint32_t bit) {
    const uint32_t device = first_[node] + bit;
    const std::vector<uint32_t> out = on_[device];
    int64_t used = 0;
    for (uint32_t replica : out) {
      if (shape(replica).devices.count > 1)
        return false;
      used += shape(replica).devices.share;
    }
    const int64_t capacity = model_.devices[device].capacity;
    if (used == capacity)
      return false;
    for (uint32_t replica : out)
      settle(replica, 1);
    std::vector<uint32_t> candidates = least_demanding(node);
    candidates.insert(candidates.begin(), out.begin(), out.end());
    int64_t least_left = capacity - used;
    std::vector<uint32_t> set, best = out;
    search(node, candidates, 0, capacity, set, least_left, best);
    for (uint32_t replica : out)
      if (std::find(best.begin(), best.end(), replica) == best.end()) {
        solution_.node_of[replica] = nowhere;
        solution_.devices_of[replica] = 0;
        auto &list = waiting_[key(replica)];
        list.insert(std::upper_bound(list.begin(), list.end(), replica,
                                     [&](uint32_t a, uint32_t b) { return demand(a) > demand(b); }),
                    replica);
      }
    for (uint32_t replica : best) {
      if (solution_.node_of[replica] == nowhere)
        std::erase(waiting_[key(replica)], replica);
      solution_.node_of[replica] = node;
      solution_.devices_of[replica] = uint32_t{1} << bit;
      settle(replica, -1);
    }
    return least_left < capacity - used;
  }

  const Model &model_;
  Solution &solution_;
  std::vector<int64_t> free_;                    ///< [node * resources + resource]
  std::vector<uint32_t> first_;                  ///< device of each node
  std::vector<std::vector<uint32_t>> on_;        ///< replicas, by device
  std::map<Key, std::vector<uint32_t>> waiting_; ///< the least demanding last
};

} // namespace

namespace {

Solution place_in(const Model &model, const std::vector<uint32_t> &order,
                  const std::vector<double> &share) {
  Solution solution;
  solution.node_of.assign(model.replicas.size(), nowhere);
  solution.devices_of.assign(model.replicas.size(), 0);
  Online online(model, share);
  for (uint32_t replica : order) {
    const uint32_t shape = model.replicas[replica].shape;
    if (model.shapes[shape].devices.count == 0)
      continue;
    if (const auto choice = online.choose(shape)) {
      online.take(shape, *choice);
      solution.node_of[replica] = choice->node;
      solution.devices_of[replica] = choice->devices;
    }
  }
  Refill(model, solution).run();
  return solution;
}

} // namespace

Solution place_offline(const Model &model) {
  std::vector<double> share(model.shapes.size());
  std::vector<uint32_t> order(model.replicas.size());
  std::iota(order.begin(), order.end(), 0);
  for (const Replica &replica : model.replicas)
    ++share[replica.shape];
  Solution as_given = place_in(model, order, share);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    auto rank = [&](uint32_t replica) {
      const Shape &shape = model.shapes[model.replicas[replica].shape];
      return std::tuple(shape.devices.count, shape.devices.share, shape.demand);
    };
    return rank(a) > rank(b);
  });
  Solution by_size = place_in(model, order, share);
  return evaluate(model, by_size).absence < evaluate(model, as_given).absence ? by_size : as_given;
}

} // namespace nemo::bench
