#include "compiler/placement/devices.h"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>

namespace nemo::placement {

using optimiser::DeviceDemand;

namespace {

bool in_set(const Problem &problem, const DeviceDemand &want, size_t device) {
  return want.allowed == UINT32_MAX || problem.device_sets[want.allowed][device];
}

} // namespace

bool devices_alone(const Problem &problem, const DeviceDemand &want, size_t node) {
  if (want.count == 0)
    return true;
  uint32_t found = 0;
  for (size_t i = problem.first_device[node]; i < problem.first_device[node + 1]; ++i)
    found += problem.devices[i].capacity >= want.share &&
             problem.devices[i].memory >= want.memory && in_set(problem, want, i);
  return found >= want.count;
}

Racks::Racks(const Problem &problem) : problem_(&problem) {
  if (std::none_of(problem.needs.begin(), problem.needs.end(),
                   [](const Need &need) { return need.devices.count > 0 && need.count > 0; }))
    return;
  held_.resize(problem.replicas.size());
  std::map<std::vector<bool>, uint32_t> kinds;
  for (size_t i = 0; i < problem.devices.size(); ++i) {
    room_.push_back({problem.devices[i].capacity, problem.devices[i].memory});
    std::vector<bool> look;
    for (const std::vector<bool> &set : problem.device_sets)
      look.push_back(set[i]);
    kind_.push_back(
        kinds.try_emplace(std::move(look), static_cast<uint32_t>(kinds.size())).first->second);
  }
}

bool Racks::holds(const Room &room, const DeviceDemand &want, size_t device) const {
  return room.share >= want.share && room.memory >= want.memory && in_set(*problem_, want, device);
}

bool Racks::holds(const Rooms &rooms, const DeviceDemand &want, size_t node,
                  DeviceBits devices) const {
  if (static_cast<uint32_t>(std::popcount(devices)) != want.count)
    return false;
  for (; devices != 0; devices &= devices - 1) {
    const auto i = static_cast<size_t>(std::countr_zero(devices));
    if (i >= rooms.size() || !holds(rooms[i], want, problem_->first_device[node] + i))
      return false;
  }
  return true;
}

Racks::Rooms Racks::rooms(size_t node) const {
  return {room_.begin() + problem_->first_device[node],
          room_.begin() + problem_->first_device[node + 1]};
}

std::vector<uint32_t> Racks::users(const std::vector<uint32_t> &here) const {
  std::vector<uint32_t> list;
  for (uint32_t replica : here)
    if (want(replica).count > 0)
      list.push_back(replica);
  return list;
}

// Those that have the least left and still enough; 0 where there are too few.
DeviceBits Racks::choose(const DeviceDemand &want, size_t node) const {
  const size_t first = problem_->first_device[node], end = problem_->first_device[node + 1];
  DeviceBits chosen = 0;
  for (uint32_t left = want.count; left > 0; --left) {
    size_t best = end;
    for (size_t i = first; i < end; ++i)
      if (!(chosen >> (i - first) & 1) && holds(room_[i], want, i) &&
          (best == end || room_[i] < room_[best]))
        best = i;
    if (best == end)
      return 0;
    chosen |= DeviceBits{1} << (best - first);
  }
  return chosen;
}

/// Depth first: one replica after the other, each on every choice of devices that differs.
struct Racks::Packing {
  const Racks &racks;
  size_t first; ///< device of the node
  const std::vector<uint32_t> &who;
  Rooms &rooms;
  std::vector<DeviceBits> chosen;
  uint64_t steps;
  bool gave_up = false;

  bool place(size_t at, uint32_t taken, size_t from) {
    if (at == who.size())
      return true;
    const DeviceDemand &want = racks.want(who[at]);
    if (taken == want.count) {
      // The next that asks for the same is not tried on an earlier device: it would be this one.
      const bool same = at + 1 < who.size() && want.count == 1 && alike(at, at + 1);
      const auto last = static_cast<size_t>(std::countr_zero(chosen[at]));
      return place(at + 1, 0, same ? last : 0);
    }
    std::vector<std::pair<Room, uint32_t>> tried;
    for (size_t i = from; i < rooms.size(); ++i) {
      if (steps == 0) {
        gave_up = true;
        return false;
      }
      --steps;
      const std::pair look{rooms[i], racks.kind_[first + i]};
      if (!racks.holds(rooms[i], want, first + i) ||
          std::find(tried.begin(), tried.end(), look) != tried.end())
        continue;
      tried.push_back(look);
      rooms[i].share -= want.share;
      rooms[i].memory -= want.memory;
      chosen[at] |= DeviceBits{1} << i;
      if (place(at, taken + 1, i + 1))
        return true;
      chosen[at] &= ~(DeviceBits{1} << i);
      rooms[i] = look.first;
      if (gave_up)
        return false;
    }
    return false;
  }

  bool alike(size_t a, size_t b) const {
    return racks.problem_->replicas[who[a]].need == racks.problem_->replicas[who[b]].need;
  }
};

std::optional<std::vector<DeviceBits>> Racks::pack(size_t node, const std::vector<uint32_t> &who,
                                                   Rooms rooms) const {
  constexpr uint64_t most_steps = 20'000;
  const size_t first = problem_->first_device[node];
  // Whoever has the fewest choices goes first.
  std::vector<std::tuple<int64_t, size_t, int64_t, int64_t, uint32_t, uint32_t, size_t>> order;
  for (size_t i = 0; i < who.size(); ++i) {
    const DeviceDemand &asked = want(who[i]);
    size_t choices = 0;
    for (size_t device = 0; device < rooms.size(); ++device)
      choices += holds(rooms[device], asked, first + device);
    order.emplace_back(-static_cast<int64_t>(asked.count), choices, -asked.share, -asked.memory,
                       problem_->replicas[who[i]].need, who[i], i);
  }
  std::sort(order.begin(), order.end());
  std::vector<uint32_t> sorted;
  for (const auto &one : order)
    sorted.push_back(std::get<5>(one));
  Packing packing{*this,
                  first,
                  sorted,
                  rooms,
                  std::vector<DeviceBits>(who.size()),
                  std::min(steps_, most_steps)};
  const uint64_t before = packing.steps;
  const bool found = packing.place(0, 0, 0);
  steps_ -= before - packing.steps;
  doubted_ |= packing.gave_up;
  if (!found)
    return std::nullopt;
  std::vector<DeviceBits> result(who.size());
  for (size_t i = 0; i < order.size(); ++i)
    result[std::get<6>(order[i])] = packing.chosen[i];
  return result;
}

bool Racks::fits(size_t replica, size_t node, const std::vector<uint32_t> &here) const {
  const DeviceDemand &asked = want(replica);
  if (asked.count == 0 || choose(asked, node) != 0)
    return true;
  std::vector<uint32_t> all = users(here);
  if (all.empty())
    return false;
  Rooms empty = rooms(node);
  for (size_t i = 0; i < empty.size(); ++i) {
    const optimiser::Device &device = problem_->devices[problem_->first_device[node] + i];
    empty[i] = {device.capacity, device.memory};
  }
  all.push_back(static_cast<uint32_t>(replica));
  return pack(node, all, std::move(empty)).has_value();
}

void Racks::hold(size_t replica, size_t node, DeviceBits devices) {
  const DeviceDemand &asked = want(replica);
  held_[replica] = devices;
  for (; devices != 0; devices &= devices - 1) {
    Room &room =
        room_[problem_->first_device[node] + static_cast<size_t>(std::countr_zero(devices))];
    room.share -= asked.share;
    room.memory -= asked.memory;
  }
}

void Racks::free(size_t replica, size_t node) {
  const DeviceDemand &asked = want(replica);
  if (asked.count == 0)
    return;
  for (DeviceBits held = held_[replica]; held != 0; held &= held - 1) {
    Room &room = room_[problem_->first_device[node] + static_cast<size_t>(std::countr_zero(held))];
    room.share += asked.share;
    room.memory += asked.memory;
  }
  held_[replica] = 0;
}

void Racks::take(size_t replica, size_t node, const std::vector<uint32_t> &here,
                 DeviceBits devices) {
  const DeviceDemand &asked = want(replica);
  if (asked.count > 0 && holds(rooms(node), asked, node, devices))
    hold(replica, node, devices);
  else
    take(replica, node, here);
}

void Racks::take(size_t replica, size_t node, const std::vector<uint32_t> &here) {
  const DeviceDemand &asked = want(replica);
  if (asked.count == 0)
    return;
  const Replica &who = problem_->replicas[replica];
  if (who.home == NodeId(node) && holds(rooms(node), asked, node, who.home_devices))
    return hold(replica, node, who.home_devices);
  if (const DeviceBits chosen = choose(asked, node); chosen != 0)
    return hold(replica, node, chosen);
  std::vector<uint32_t> all = users(here);
  std::vector<DeviceBits> before;
  for (uint32_t other : all) {
    before.push_back(held_[other]);
    free(other, node);
  }
  all.push_back(static_cast<uint32_t>(replica));
  const auto packed = pack(node, all, rooms(node));
  for (size_t i = 0; i < all.size(); ++i)
    hold(all[i], node, packed ? (*packed)[i] : i < before.size() ? before[i] : 0);
}

void Racks::come_home(size_t node, const std::vector<uint32_t> &here) {
  const std::vector<uint32_t> all = users(here);
  auto homesick = [&](uint32_t replica) {
    const Replica &who = problem_->replicas[replica];
    return who.home == NodeId(node) && who.home_devices != 0;
  };
  if (std::all_of(all.begin(), all.end(), [&](uint32_t replica) {
        return !homesick(replica) || held_[replica] == problem_->replicas[replica].home_devices;
      }))
    return;
  std::vector<DeviceBits> before;
  for (uint32_t replica : all) {
    before.push_back(held_[replica]);
    free(replica, node);
  }
  std::vector<uint32_t> rest = all;
  for (uint32_t replica : all) {
    const DeviceBits devices = problem_->replicas[replica].home_devices;
    if (!homesick(replica) || !holds(rooms(node), want(replica), node, devices))
      continue;
    hold(replica, node, devices);
    std::vector<uint32_t> others = rest;
    others.erase(std::find(others.begin(), others.end(), replica));
    if (pack(node, others, rooms(node)))
      rest = std::move(others);
    else
      free(replica, node);
  }
  if (const auto packed = pack(node, rest, rooms(node))) {
    for (size_t i = 0; i < rest.size(); ++i)
      hold(rest[i], node, (*packed)[i]);
    return;
  }
  for (uint32_t replica : all)
    free(replica, node);
  for (size_t i = 0; i < all.size(); ++i)
    hold(all[i], node, before[i]);
}

} // namespace nemo::placement
