#include "compiler/placement/online/rooms.h"

#include <algorithm>

namespace nemo::optimiser {

Rooms::Rooms(const Model &model)
    : model_(model), devices_(model.nodes), room_of_node_(model.nodes, UINT32_MAX) {
  for (const Device &device : model.devices)
    devices_[device.node].push_back(device.capacity);
  std::map<std::pair<Room, std::vector<bool>>, uint32_t> kinds;
  const size_t dims = model.resources.size();
  for (uint32_t node = 0; node < model.nodes; ++node) {
    Room room;
    const auto row = model.capacity.begin() + static_cast<std::ptrdiff_t>(node * dims);
    room.free.assign(row, row + static_cast<std::ptrdiff_t>(dims));
    room.devices = devices_[node];
    std::sort(room.devices.begin(), room.devices.end());
    std::vector<bool> sets;
    for (const auto &set : model.node_sets)
      sets.push_back(set[node]);
    const auto [at, added] =
        kinds.try_emplace({room, sets}, static_cast<uint32_t>(allowed_.size()));
    if (added)
      allowed_.push_back(sets);
    room.kind = at->second;
    enter(node, std::move(room));
  }
}

void Rooms::enter(uint32_t node, Room room) {
  const auto [at, added] = index_.try_emplace(std::move(room), 0);
  if (added) {
    if (unused_.empty()) {
      unused_.push_back(size());
      rooms_.emplace_back();
    }
    at->second = unused_.back();
    unused_.pop_back();
    rooms_[at->second] = {&at->first, {}, ++generations_, static_cast<uint32_t>(live_.size())};
    live_.push_back(at->second);
  }
  rooms_[at->second].nodes.insert(node);
  room_of_node_[node] = at->second;
}

void Rooms::leave(uint32_t node) {
  const uint32_t index = room_of_node_[node];
  Entry &entry = rooms_[index];
  entry.nodes.erase(node);
  if (!entry.nodes.empty())
    return;
  rooms_[live_.back()].at = entry.at;
  live_[entry.at] = live_.back();
  live_.pop_back();
  index_.erase(*entry.room);
  unused_.push_back(index);
}

bool Rooms::fits(const Room &room, uint32_t index) const {
  const Shape &shape = model_.shapes[index];
  if (!allowed(room.kind, index))
    return false;
  for (size_t d = 0; d < room.free.size(); ++d)
    if (shape.demand[d] > room.free[d])
      return false;
  // The emptiest devices are last.
  const uint32_t count = shape.devices.count;
  return count <= room.devices.size() &&
         (count == 0 || room.devices[room.devices.size() - count] >= shape.devices.share);
}

void Rooms::ways(const Room &room, uint32_t index,
                 llvm::function_ref<void(const Room &after, int64_t device)> then) const {
  const Shape &shape = model_.shapes[index];
  Room after = room;
  for (size_t d = 0; d < room.free.size(); ++d)
    after.free[d] -= shape.demand[d];
  const uint32_t count = shape.devices.count;
  const int64_t share = shape.devices.share;
  if (count == 0)
    return then(after, 0);
  const auto first = static_cast<size_t>(
      std::lower_bound(room.devices.begin(), room.devices.end(), share) - room.devices.begin());
  for (size_t at = first; at + count <= room.devices.size(); ++at) {
    if (at > first && (count > 1 || room.devices[at] == room.devices[at - 1]))
      continue;
    after.devices = room.devices;
    for (size_t i = at; i < at + count; ++i)
      after.devices[i] -= share;
    std::sort(after.devices.begin(), after.devices.end());
    then(after, room.devices[at]);
  }
}

Choice Rooms::choice(uint32_t node, uint32_t index, int64_t device) const {
  Choice choice{node, 0};
  const auto &left = devices_[node];
  const uint32_t count = model_.shapes[index].devices.count;
  const int64_t share = model_.shapes[index].devices.share;
  std::vector<uint32_t> order;
  for (uint32_t i = 0; i < left.size(); ++i)
    if (left[i] >= std::max(device, share))
      order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return left[a] < left[b]; });
  for (uint32_t i = 0; i < count; ++i)
    choice.devices |= uint32_t{1} << order[i];
  return choice;
}

void Rooms::take(uint32_t index, const Choice &choice) {
  const Shape &shape = model_.shapes[index];
  Room room = *rooms_[room_of_node_[choice.node]].room;
  leave(choice.node);
  for (size_t d = 0; d < room.free.size(); ++d)
    room.free[d] -= shape.demand[d];
  auto &left = devices_[choice.node];
  for (uint32_t i = 0; i < left.size(); ++i)
    if (choice.devices >> i & 1)
      left[i] -= shape.devices.share;
  room.devices = left;
  std::sort(room.devices.begin(), room.devices.end());
  enter(choice.node, std::move(room));
}

} // namespace nemo::optimiser
