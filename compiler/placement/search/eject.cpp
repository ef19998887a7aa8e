#include "compiler/placement/search/eject.h"

#include <algorithm>

namespace nemo::optimiser {

namespace {

/// Nodes that are looked at for one replica; of more, a random stretch.
constexpr uint32_t most_nodes = 1024;
constexpr uint32_t shakes = 20;

bool only_opening_costs(const Tables &tables) {
  const Model &model = tables.model;
  return tables.levels == 0 && model.unit_price.empty() && tables.busiest_price == 0 &&
         std::all_of(tables.prices.begin(), tables.prices.end(),
                     [](const Cost *price) { return price == nullptr; }) &&
         std::all_of(model.replicas.begin(), model.replicas.end(), [](const Replica &replica) {
           return replica.absence_price == must_be_placed && replica.home == nowhere;
         });
}

} // namespace

Ejection::Ejection(State &state, Random &random, Budget &budget)
    : state_(state), tables_(state.tables()), random_(random), budget_(budget),
      plain_(only_opening_costs(tables_)), penalty_(tables_.replicas), easiest_(tables_.nodes),
      easiest_two_(tables_.nodes), left_(size_t{most_ejected + 1} * tables_.rooms) {}

bool Ejection::place(std::vector<uint32_t> pool, const std::vector<uint32_t> &nodes, Cost limit,
                     uint64_t ticks) {
  pool_ = std::move(pool);
  nodes_ = &nodes;
  limit_ = limit;
  std::fill(penalty_.begin(), penalty_.end(), 1);
  for (uint32_t node : nodes)
    note(node);
  const uint64_t end = budget_.ticks() + ticks;
  while (!pool_.empty()) {
    if (nodes.empty() || !budget_.left() || budget_.ticks() >= end)
      return false;
    const uint32_t replica = pool_.back();
    pool_.pop_back();
    if (insert(replica))
      continue;
    ++penalty_[replica];
    if (!eject_for(replica))
      return false;
    shake(nodes, limit, shakes);
  }
  return state_.broken() == 0 && state_.cost() < limit;
}

bool Ejection::affordable(uint32_t replica, uint32_t node) const {
  return (plain_ && !state_.hosted(node).empty()) ||
         state_.cost() + state_.delta(replica, node) < limit_;
}

void Ejection::note(uint32_t node) {
  uint64_t least = UINT64_MAX / 2, second = UINT64_MAX / 2;
  for (uint32_t replica : state_.hosted(node)) {
    second = std::min(second, std::max(least, penalty_[replica]));
    least = std::min(least, penalty_[replica]);
  }
  easiest_[node] = least;
  easiest_two_[node] = least + second;
}

// Where it fits; on the way, which single ones could leave for it.
bool Ejection::insert(uint32_t replica) {
  best_ = Best{};
  trusting_ = plain_ && !tables_.devices && !state_.bound(replica);
  const uint32_t count = static_cast<uint32_t>(nodes_->size());
  first_ = random_.below(count);
  budget_.spend(count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t node = at(i);
    const bool ejects = i < most_nodes && easiest_[node] <= best_.penalty;
    if (make_left(replica, node, ejects) && state_.fits(replica, node) &&
        affordable(replica, node)) {
      state_.put(replica, node);
      note(node);
      return true;
    }
    if (ejects)
      eject_from(replica, node, 1);
  }
  return false;
}

// One that leaves alone is seldom dearer than two, so after a look at single ones few sets of more
// are worth trying.
bool Ejection::eject_for(uint32_t replica) {
  const uint32_t looked = std::min(static_cast<uint32_t>(nodes_->size()), most_nodes);
  budget_.spend(looked);
  for (uint32_t i = 0; i < looked; ++i) {
    const uint32_t node = at(i);
    if (easiest_two_[node] > best_.penalty)
      continue;
    make_left(replica, node, true);
    eject_from(replica, node, most_ejected);
  }
  if (best_.node == nowhere)
    return false;
  for (uint32_t i = 0; i < best_.count; ++i)
    state_.lift(best_.out[i]);
  state_.put(replica, best_.node);
  note(best_.node);
  pool_.insert(pool_.end(), best_.out, best_.out + best_.count);
  return true;
}

// What the node would have left with the replica. \returns whether that is nowhere below nothing.
// Unless all of it is asked for, that ends the work.
bool Ejection::make_left(uint32_t replica, uint32_t node, bool all) {
  const int64_t *left = state_.node_row(node), *taken = tables_.row_on(replica, node);
  int64_t *after = left_.data();
  int64_t below = 0;
  for (uint32_t i = 0; i < tables_.rooms && (all || below >= 0); i += 4)
    for (uint32_t j = i; j < i + 4; ++j) {
      after[j] = left[j] - taken[j];
      below |= after[j];
    }
  return below >= 0;
}

void Ejection::eject_from(uint32_t replica, uint32_t node, uint32_t most) {
  const std::vector<uint32_t> &there = state_.hosted(node);
  if (!tables_.may(replica, node))
    return;
  there_ = there.data();
  if (!trusting_) { // looking then lifts some, which changes the order
    copy_ = there;
    there_ = copy_.data();
  }
  there_count_ = static_cast<uint32_t>(there.size());
  extend(replica, node, 0, 0, 0, most);
}

void Ejection::extend(uint32_t replica, uint32_t node, uint32_t depth, uint32_t first,
                      uint64_t penalty, uint32_t most) {
  const uint32_t rooms = tables_.rooms;
  const int64_t *left = left_.data() + size_t{depth} * rooms;
  int64_t *after = left_.data() + size_t{depth + 1} * rooms;
  for (uint32_t i = first; i < there_count_; ++i) {
    const uint64_t sum = penalty + penalty_[there_[i]];
    if (sum > best_.penalty)
      continue;
    budget_.spend(1);
    const int64_t *freed = tables_.row_on(there_[i], node);
    int64_t below = 0;                      // negative once any room is
    for (uint32_t d = 0; d < rooms; d += 4) // padded to a multiple
      for (uint32_t e = d; e < d + 4; ++e) {
        after[e] = left[e] + freed[e];
        below |= after[e];
      }
    out_[depth] = there_[i];
    if (below >= 0 && works(replica, node, depth + 1)) {
      if (most == 1 || depth > 0) // single ones have had their turn
        consider(replica, node, depth + 1, sum);
    } else if (depth + 1 < most) {
      extend(replica, node, depth + 1, i + 1, sum, most);
    }
  }
}

void Ejection::consider(uint32_t replica, uint32_t node, uint32_t count, uint64_t penalty) {
  if (penalty < best_.penalty) {
    best_.penalty = penalty;
    best_.ties = 0;
  }
  if (random_.below(++best_.ties) != 0)
    return;
  best_.node = node;
  best_.count = count;
  std::copy(out_, out_ + count, best_.out);
}

// Whether the replica may take their place: what room does not say.
bool Ejection::works(uint32_t replica, uint32_t node, uint32_t count) {
  if (trusting_)
    return true;
  uint32_t devices[most_ejected];
  for (uint32_t i = 0; i < count; ++i) {
    devices[i] = state_.devices_of(out_[i]);
    state_.lift(out_[i]);
  }
  const bool fits = state_.fits(replica, node) && affordable(replica, node);
  for (uint32_t i = count; i-- > 0;)
    state_.put_back(out_[i], node, devices[i]);
  return fits;
}

// Now and then for the worse, or the room below the limit would be used up by it.
bool Ejection::bearable(Cost change, Cost limit) {
  return change <= 0 || (state_.cost() + change < limit && random_.below(8) == 0);
}

void Ejection::shake(const std::vector<uint32_t> &nodes, Cost limit, uint32_t tries) {
  if (tables_.replicas == 0 || nodes.empty())
    return;
  budget_.spend(tries);
  for (uint32_t i = 0; i < tries; ++i) {
    const uint32_t one = random_.below(tables_.replicas);
    const uint32_t from = state_.node_of(one);
    if (from == nowhere)
      continue;
    if (random_.below(2) == 0) {
      const uint32_t to = nodes[random_.below(static_cast<uint32_t>(nodes.size()))];
      if (to != from && state_.fits(one, to) && bearable(state_.delta(one, to), limit)) {
        state_.shift(one, to);
        note(from);
        note(to);
      }
      continue;
    }
    const uint32_t other = random_.below(tables_.replicas);
    const uint32_t to = state_.node_of(other);
    if (to != nowhere && to != from && state_.swap_fits(one, other) &&
        (plain_ || bearable(state_.swap_delta(one, other), limit))) {
      state_.swap(one, other);
      note(from);
      note(to);
    }
  }
}

} // namespace nemo::optimiser
