#include "compiler/placement/search/fill.h"

#include <algorithm>

namespace nemo::optimiser {

namespace {

class Fill {
public:
  Fill(State &state, Budget &budget) : state_(state), tables_(state.tables()), budget_(budget) {}

  void run() {
    weigh();
    order_nodes();
    for (uint32_t replica : order_replicas()) {
      if (!budget_.left())
        return;
      place(replica);
    }
  }

private:
  // Demand in all by capacity in all: what is scarce weighs more.
  void weigh() {
    for (uint32_t room = 0; room < tables_.rooms; ++room) {
      double capacity = 0, demand = 0;
      for (uint32_t node = 0; node < tables_.nodes; ++node)
        capacity += static_cast<double>(tables_.node_rows[size_t{node} * tables_.stride + room]);
      for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
        demand += static_cast<double>(tables_.row(replica)[room]);
      weight_.push_back(capacity > 0 ? demand / capacity / capacity : 0);
    }
  }

  double size(const int64_t *row) const {
    double out = 0;
    for (uint32_t room = 0; room < tables_.rooms; ++room)
      out += weight_[room] * static_cast<double>(row[room]);
    return out;
  }

  void order_nodes() {
    std::vector<double> worth(tables_.nodes);
    for (uint32_t node = 0; node < tables_.nodes; ++node) {
      if (!state_.hosted(node).empty()) {
        open_.push_back(node);
        continue;
      }
      closed_.push_back(node);
      worth[node] = static_cast<double>(tables_.open_price.empty() ? 1 : tables_.open_price[node]) /
                    (size(tables_.node_rows.data() + size_t{node} * tables_.stride) + 1e-300);
    }
    std::stable_sort(closed_.begin(), closed_.end(),
                     [&](uint32_t a, uint32_t b) { return worth[a] < worth[b]; });
  }

  std::vector<uint32_t> order_replicas() const {
    std::vector<uint32_t> out;
    std::vector<double> size_of(tables_.replicas);
    for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
      if (state_.node_of(replica) == nowhere) {
        out.push_back(replica);
        size_of[replica] = size(tables_.row(replica));
      }
    std::stable_sort(out.begin(), out.end(),
                     [&](uint32_t a, uint32_t b) { return size_of[a] > size_of[b]; });
    return out;
  }

  void place(uint32_t replica) {
    uint32_t best = nowhere;
    Cost cheapest = 0;
    double least = 0;
    budget_.spend(open_.size() + 1);
    for (uint32_t node : open_) {
      if (!state_.fits(replica, node))
        continue;
      const Cost cost = state_.arriving(replica, node);
      const double left = size(state_.node_row(node));
      if (best == nowhere || cost < cheapest || (cost == cheapest && left < least)) {
        best = node;
        cheapest = cost;
        least = left;
      }
    }
    if (best == nowhere || cheapest > 0)
      for (size_t i = 0; i < closed_.size(); ++i) {
        budget_.spend(1);
        if (!state_.fits(replica, closed_[i]))
          continue;
        if (best == nowhere || state_.arriving(replica, closed_[i]) < cheapest) {
          best = closed_[i];
          open_node(i);
        }
        break;
      }
    if (best != nowhere)
      state_.put(replica, best);
  }

  void open_node(size_t at) {
    open_.push_back(closed_[at]);
    closed_.erase(closed_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  State &state_;
  const Tables &tables_;
  Budget &budget_;
  std::vector<double> weight_; ///< by room
  std::vector<uint32_t> open_, closed_;
};

} // namespace

void fill(State &state, Budget &budget) { Fill(state, budget).run(); }

} // namespace nemo::optimiser
