#include <algorithm>
#include <numeric>

#include "bench/placement/peers/greedy/greedy.h"

namespace nemo::bench::peers {

namespace {

using optimiser::nowhere;

constexpr double worth_emptying = 0.5;

class ScaleDown {
public:
  ScaleDown(const optimiser::Model &model, const optimiser::Solution &running,
            const std::vector<bool> &can_sleep, const Choose &choose,
            const std::function<bool(uint32_t, uint32_t)> &may_go)
      : model_(model), can_sleep_(can_sleep), choose_(choose), may_go_(may_go), placed_(model) {
    for (uint32_t replica = 0; replica < model.replicas.size(); ++replica)
      if (running.node_of[replica] != nowhere)
        placed_.place(replica, running.node_of[replica]);
  }

  Placement run() {
    Placement out;
    for (uint32_t replica : evict_what_does_not_fit())
      out.unplaced += !place(replica, [](uint32_t) { return true; });
    std::vector<uint32_t> order(model_.nodes);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return use(a) < use(b); });
    for (uint32_t node : order)
      if (can_sleep_[node] && placed_.hosts(node) && use(node) < worth_emptying)
        empty(node);
    for (uint32_t replica = 0; replica < model_.replicas.size(); ++replica)
      out.solution.node_of.push_back(placed_.node_of(replica));
    return out;
  }

private:
  double use(uint32_t node) const {
    double most = 0;
    for (uint32_t d = 0; d < model_.resources.size(); ++d)
      if (const int64_t capacity = model_.capacity[node * model_.resources.size() + d])
        most = std::max(most,
                        static_cast<double>(placed_.used(node, d)) / static_cast<double>(capacity));
    return most;
  }

  std::vector<uint32_t> evict_what_does_not_fit() {
    std::vector<uint32_t> evicted;
    for (auto replica = static_cast<uint32_t>(model_.replicas.size()); replica-- > 0;)
      if (placed_.node_of(replica) == nowhere || use(placed_.node_of(replica)) > 1) {
        if (placed_.node_of(replica) != nowhere)
          placed_.lift(replica);
        evicted.push_back(replica);
      }
    std::reverse(evicted.begin(), evicted.end());
    return evicted;
  }

  bool place(uint32_t replica, const std::function<bool(uint32_t)> &may) {
    std::vector<uint32_t> admitted;
    for (uint32_t node = 0; node < model_.nodes; ++node)
      if (may(node) && placed_.admits(replica, node))
        admitted.push_back(node);
    if (admitted.empty())
      return false;
    placed_.place(replica, choose_(placed_, replica, admitted));
    return true;
  }

  // All of it or nothing.
  void empty(uint32_t node) {
    std::vector<uint32_t> lifted;
    for (uint32_t replica = 0; replica < model_.replicas.size(); ++replica)
      if (placed_.node_of(replica) == node)
        lifted.push_back(replica);
    for (uint32_t replica : lifted)
      placed_.lift(replica);
    const bool emptied = std::all_of(lifted.begin(), lifted.end(), [&](uint32_t replica) {
      return place(replica, [&](uint32_t to) {
        return to != node && (placed_.hosts(to) || !can_sleep_[to]) && may_go_(node, to);
      });
    });
    if (emptied)
      return;
    for (uint32_t replica : lifted)
      if (placed_.node_of(replica) != nowhere)
        placed_.lift(replica);
    for (uint32_t replica : lifted)
      placed_.place(replica, node);
  }

  const optimiser::Model &model_;
  const std::vector<bool> &can_sleep_;
  const Choose &choose_;
  const std::function<bool(uint32_t, uint32_t)> &may_go_;
  Placed placed_;
};

} // namespace

Placement keep_and_scale_down(const optimiser::Model &model, const optimiser::Solution &running,
                              const std::vector<bool> &can_sleep, const Choose &choose,
                              const std::function<bool(uint32_t, uint32_t)> &may_go) {
  return ScaleDown(model, running, can_sleep, choose, may_go).run();
}

} // namespace nemo::bench::peers
