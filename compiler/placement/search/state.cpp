#include "compiler/placement/search/state.h"

#include <algorithm>

namespace nemo::optimiser {

namespace {

int64_t positive(int64_t value) { return value & ~(value >> 63); }

} // namespace

State::State(const Tables &tables)
    : tables_(tables), rules_(tables), node_of_(tables.replicas, nowhere), place_(tables.replicas),
      hosted_(tables.nodes), rows_(tables.node_rows), node_cost_(tables.nodes),
      devices_of_(tables.devices ? tables.replicas : 0), moved_(tables.model.groups) {
  for (const Device &device : tables.model.devices)
    device_free_.push_back({device.capacity, device.memory});
  for (uint32_t node = 0; node < tables.nodes; ++node) {
    const int64_t *level = node_row(node) + tables.rooms;
    for (uint32_t i = 0; i < tables.levels; ++i)
      node_cost_[node] += positive(level[i]);
    cost_ += node_cost_[node];
  }
  uint32_t largest = 0;
  for (uint32_t group = 0; group < tables.model.groups; ++group)
    largest = std::max(largest, tables.members.size(group));
  groups_moved_.assign(largest + 2, 0);
  groups_moved_[0] = tables.model.groups;
  for (uint32_t replica = 0; replica < tables.replicas; ++replica) {
    cost_ += tables.own(replica, nowhere);
    missing_ += tables.model.replicas[replica].absence_price == must_be_placed;
    if (moved_if_on(replica, nowhere))
      count_move(replica, true);
  }
}

bool State::load(const Solution &solution) {
  for (uint32_t replica = 0; replica < tables_.replicas; ++replica)
    if (node_of_[replica] != nowhere)
      shift(replica, nowhere);
  bool whole = true;
  for (uint32_t replica = 0; replica < tables_.replicas; ++replica) {
    const uint32_t node = solution.node_of[replica];
    if (node == nowhere)
      continue;
    if (!admits(replica, node)) {
      whole = false;
      continue;
    }
    shift(replica, node);
    if (replica >= solution.devices_of.size() || !tables_.devices)
      continue;
    // The very devices it has, as long as they are free.
    const DeviceDemand &want = tables_.model.shapes[tables_.shape[replica]].devices;
    free_devices(replica, node);
    const uint32_t held = solution.devices_of[replica], first = tables_.first_device[node];
    bool free = static_cast<uint32_t>(__builtin_popcount(held)) == want.count;
    for (uint32_t bit = 0; bit < most_devices && free; ++bit)
      if (held >> bit & 1)
        free = first + bit < tables_.first_device[node + 1] && device_holds(first + bit, want, {});
    if (free)
      hold_devices(replica, node, held);
    else
      take_devices(replica, node);
  }
  return whole;
}

Solution State::solution() const {
  Solution out;
  out.node_of = node_of_;
  out.devices_of = devices_of_;
  out.cost = cost_;
  return out;
}

bool State::admits(uint32_t replica, uint32_t node) const {
  return room(replica, node) &&
         (!rules_.bind(replica) || rules_.within_limits(replica, node_of_[replica], node));
}

bool State::fits(uint32_t replica, uint32_t node) const {
  return room(replica, node) && rules_allow(replica, node);
}

bool State::devices_fit(uint32_t replica, uint32_t node, uint32_t without) const {
  const DeviceDemand &want = tables_.model.shapes[tables_.shape[replica]].devices;
  if (want.count == 0)
    return true;
  const uint32_t first = tables_.first_device[node], end = tables_.first_device[node + 1];
  const uint32_t freed = without == nowhere ? 0 : devices_of_[without];
  DeviceRoom left;
  if (without != nowhere) {
    const DeviceDemand &other = tables_.model.shapes[tables_.shape[without]].devices;
    left = {other.share, other.memory};
  }
  uint32_t found = 0;
  for (uint32_t i = first; i < end; ++i)
    found += device_holds(i, want, freed >> (i - first) & 1 ? left : DeviceRoom{});
  return found >= want.count;
}

bool State::device_holds(uint32_t device, const DeviceDemand &want, DeviceRoom more) const {
  return device_free_[device].share + more.share >= want.share &&
         device_free_[device].memory + more.memory >= want.memory &&
         (want.allowed == UINT32_MAX || tables_.model.device_sets[want.allowed][device]);
}

// Best fit: those that have the least left.
void State::take_devices(uint32_t replica, uint32_t node) {
  const DeviceDemand &want = tables_.model.shapes[tables_.shape[replica]].devices;
  const uint32_t first = tables_.first_device[node], end = tables_.first_device[node + 1];
  uint32_t held = 0;
  for (uint32_t left = want.count; left > 0; --left) {
    uint32_t best = end;
    for (uint32_t i = first; i < end; ++i)
      if (!(held >> (i - first) & 1) && device_holds(i, want, {}) &&
          (best == end || device_free_[i] < device_free_[best]))
        best = i;
    held |= 1u << (best - first);
  }
  hold_devices(replica, node, held);
}

void State::hold_devices(uint32_t replica, uint32_t node, uint32_t held) {
  const DeviceDemand &want = tables_.model.shapes[tables_.shape[replica]].devices;
  devices_of_[replica] = held;
  for (; held; held &= held - 1) {
    DeviceRoom &free =
        device_free_[tables_.first_device[node] + static_cast<uint32_t>(__builtin_ctz(held))];
    free.share -= want.share;
    free.memory -= want.memory;
  }
}

void State::put_back(uint32_t replica, uint32_t node, uint32_t devices) {
  shift(replica, node);
  if (devices == devices_of(replica))
    return;
  free_devices(replica, node);
  hold_devices(replica, node, devices);
}

void State::free_devices(uint32_t replica, uint32_t node) {
  const DeviceDemand &want = tables_.model.shapes[tables_.shape[replica]].devices;
  for (uint32_t held = devices_of_[replica]; held; held &= held - 1) {
    DeviceRoom &free =
        device_free_[tables_.first_device[node] + static_cast<uint32_t>(__builtin_ctz(held))];
    free.share += want.share;
    free.memory += want.memory;
  }
  devices_of_[replica] = 0;
}

Cost State::leaving(uint32_t replica) const {
  const uint32_t node = node_of_[replica];
  if (node == nowhere)
    return -tables_.own(replica, nowhere);
  const int64_t *level = node_row(node) + tables_.rooms,
                *weight = tables_.row_on(replica, node) + tables_.rooms;
  Cost after = 0;
  for (uint32_t i = 0; i < tables_.levels; ++i)
    after += positive(level[i] - weight[i]);
  Cost change = after - node_cost_[node] - tables_.own(replica, node);
  if (hosted_[node].size() == 1 && !tables_.open_price.empty())
    change -= tables_.open_price[node];
  return change;
}

Cost State::arriving(uint32_t replica, uint32_t node) const {
  const int64_t *level = node_row(node) + tables_.rooms,
                *weight = tables_.row_on(replica, node) + tables_.rooms;
  Cost after = 0;
  for (uint32_t i = 0; i < tables_.levels; ++i)
    after += positive(level[i] + weight[i]);
  Cost change = after - node_cost_[node] + tables_.own(replica, node);
  if (hosted_[node].empty() && !tables_.open_price.empty())
    change += tables_.open_price[node];
  return change;
}

Cost State::busiest_change(uint32_t replica, uint32_t node) const {
  if (tables_.busiest_price == 0)
    return 0;
  const bool after = moved_if_on(replica, node);
  if (after == moved_if_on(replica, node_of_[replica]))
    return 0;
  const uint32_t *begin = tables_.groups_of.from(replica), *end = tables_.groups_of.to(replica);
  uint32_t at_most = 0;
  for (const uint32_t *g = begin; g != end; ++g)
    at_most += moved_[*g] == busiest_;
  if (after)
    return at_most > 0 ? tables_.busiest_price : 0;
  return at_most > 0 && at_most == groups_moved_[busiest_] ? -tables_.busiest_price : 0;
}

void State::count_move(uint32_t replica, bool moved) {
  const uint32_t *begin = tables_.groups_of.from(replica), *end = tables_.groups_of.to(replica);
  const uint32_t before = busiest_;
  for (const uint32_t *g = begin; g != end; ++g) {
    --groups_moved_[moved_[*g]];
    moved ? ++moved_[*g] : --moved_[*g];
    ++groups_moved_[moved_[*g]];
    busiest_ = std::max(busiest_, moved_[*g]);
  }
  while (busiest_ > 0 && groups_moved_[busiest_] == 0)
    --busiest_;
  cost_ += tables_.busiest_price * (static_cast<Cost>(busiest_) - static_cast<Cost>(before));
}

void State::detach(uint32_t replica) {
  const uint32_t node = node_of_[replica];
  cost_ += leaving(replica);
  int64_t *row = rows_.data() + size_t{node} * tables_.stride;
  const int64_t *freed = tables_.row_on(replica, node);
  for (uint32_t i = 0; i < tables_.rooms; ++i)
    row[i] += freed[i];
  Cost after = 0;
  for (uint32_t i = tables_.rooms; i < tables_.stride; ++i) {
    row[i] -= freed[i];
    after += positive(row[i]);
  }
  node_cost_[node] = after;
  std::vector<uint32_t> &there = hosted_[node];
  there[place_[replica]] = there.back();
  place_[there.back()] = place_[replica];
  there.pop_back();
  if (tables_.devices)
    free_devices(replica, node);
  cost_ += tables_.own(replica, nowhere);
}

void State::attach(uint32_t replica, uint32_t node) {
  cost_ += arriving(replica, node) - tables_.own(replica, nowhere);
  int64_t *row = rows_.data() + size_t{node} * tables_.stride;
  const int64_t *taken = tables_.row_on(replica, node);
  for (uint32_t i = 0; i < tables_.rooms; ++i)
    row[i] -= taken[i];
  Cost after = 0;
  for (uint32_t i = tables_.rooms; i < tables_.stride; ++i) {
    row[i] += taken[i];
    after += positive(row[i]);
  }
  node_cost_[node] = after;
  place_[replica] = static_cast<uint32_t>(hosted_[node].size());
  hosted_[node].push_back(replica);
  if (tables_.devices)
    take_devices(replica, node);
}

void State::shift(uint32_t replica, uint32_t node) {
  const uint32_t from = node_of_[replica];
  rules_.shift(replica, from, node);
  if (from != nowhere)
    detach(replica);
  node_of_[replica] = node;
  if (node != nowhere)
    attach(replica, node);
  if (tables_.model.replicas[replica].absence_price == must_be_placed)
    missing_ += int{node == nowhere} - int{from == nowhere};
  if (moved_if_on(replica, from) != moved_if_on(replica, node))
    count_move(replica, moved_if_on(replica, node));
}

void State::swap(uint32_t one, uint32_t other) {
  const uint32_t node_of_one = node_of_[one], node_of_other = node_of_[other];
  lift(one);
  shift(other, node_of_one);
  shift(one, node_of_other);
}

void State::close(uint32_t node) {
  int64_t *row = rows_.data() + size_t{node} * tables_.stride;
  std::fill_n(row, tables_.rooms, -most_amount);
  std::fill_n(row + tables_.rooms, tables_.levels, 0);
  cost_ -= node_cost_[node];
  node_cost_[node] = 0;
  for (uint32_t i = tables_.first_device[node]; i < tables_.first_device[node + 1]; ++i)
    device_free_[i] = {};
}

void State::forget_home(uint32_t replica, Tables &tables) {
  const uint32_t node = node_of_[replica];
  if (moved_if_on(replica, node))
    count_move(replica, false);
  cost_ -= tables.own(replica, node);
  tables.home[replica] = nowhere;
  cost_ += tables.own(replica, node);
}

Cost State::swap_delta(uint32_t one, uint32_t other) {
  const uint32_t a = node_of_[one], b = node_of_[other];
  const int64_t *at_a = node_row(a) + tables_.rooms, *at_b = node_row(b) + tables_.rooms;
  const int64_t *one_a = tables_.row_on(one, a) + tables_.rooms,
                *one_b = tables_.row_on(one, b) + tables_.rooms,
                *other_a = tables_.row_on(other, a) + tables_.rooms,
                *other_b = tables_.row_on(other, b) + tables_.rooms;
  Cost after = 0;
  for (uint32_t i = 0; i < tables_.levels; ++i)
    after += positive(at_a[i] - one_a[i] + other_a[i]) + positive(at_b[i] - other_b[i] + one_b[i]);
  Cost change = after - node_cost_[a] - node_cost_[b] + tables_.own(one, b) +
                tables_.own(other, a) - tables_.own(one, a) - tables_.own(other, b);
  if (tables_.busiest_price == 0)
    return change;
  change += busiest_change(one, b);
  if (moved_if_on(one, a) == moved_if_on(one, b))
    return change + busiest_change(other, a);
  // The first move counts when the second is judged.
  const Cost cost = cost_;
  count_move(one, moved_if_on(one, b));
  change += busiest_change(other, a);
  count_move(one, moved_if_on(one, a));
  cost_ = cost;
  return change;
}

bool State::swap_allowed(uint32_t one, uint32_t other) {
  const uint32_t a = node_of_[one], b = node_of_[other];
  if (tables_.devices && (!devices_fit(one, b, other) || !devices_fit(other, a, one)))
    return false;
  return (!rules_.bind(one) && !rules_.bind(other)) || rules_.may_swap(one, a, other, b);
}

bool State::chain(uint32_t one, uint32_t other, uint32_t to, Cost most) {
  const uint32_t from = node_of_[one], middle = node_of_[other];
  const int64_t *left = node_row(middle);
  const int64_t *taken = tables_.row_on(one, middle), *freed = tables_.row_on(other, middle);
  bool fits_in = true;
  for (uint32_t i = 0; i < tables_.rooms; ++i)
    fits_in &= taken[i] - freed[i] <= left[i];
  if (!fits_in || !tables_.may(one, middle) || !room(other, to))
    return false;
  Cost after = 0;
  for (uint32_t i = tables_.rooms; i < tables_.stride; ++i)
    after += positive(left[i] + taken[i] - freed[i]);
  const Cost change = after - node_cost_[middle] + tables_.own(one, middle) -
                      tables_.own(other, middle) + leaving(one) + arriving(other, to);
  // The busiest group can still make it cheaper by its price.
  if (change - 2 * tables_.busiest_price > most || !rules_allow(other, to))
    return false;
  const Cost before = cost_;
  const uint32_t devices_of_one = devices_of(one), devices_of_other = devices_of(other);
  shift(other, to);
  if (fits(one, middle)) {
    shift(one, middle);
    if (cost_ - before <= most)
      return true;
    put_back(one, from, devices_of_one);
  }
  put_back(other, middle, devices_of_other);
  return false;
}

} // namespace nemo::optimiser
